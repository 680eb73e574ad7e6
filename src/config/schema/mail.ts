import * as z from 'zod';
import { oneOf, optional, text, whole } from './parts.js';

const address = text('an e-mail address', /^[^\s<>@,;\p{Cc}]+@[^\s<>@,;\p{Cc}]+$/u);

/** `Holdfast <holdfast@example.com>`, too. */
const sender = text(
  'an e-mail address, or a name with one in angle brackets',
  /^(?:[^<>,;\p{Cc}]*<[^\s<>@,;\p{Cc}]+@[^\s<>@,;\p{Cc}]+>|[^\s<>@,;\p{Cc}]+@[^\s<>@,;\p{Cc}]+)$/u,
);

/** The parts of `mail`, whose variables have the same rules. */
export const mailParts = {
  host: text('a host name or an address', /^[^\s/@\p{Cc}]+$/u).describe('The mail server.'),
  port: whole(1, 65_535).describe('Default: 465 with tls, 587 with starttls, 25 with none.'),
  tls: oneOf(['tls', 'starttls', 'none']).describe(
    'tls: from the first byte on; starttls: required after the greeting; none: in the clear. Default: starttls.',
  ),
  caFile: text('a path').describe(
    'Certificates of authorities that vouch for the server. Default: the usual ones.',
  ),
  user: text('a name to log in with').describe('Default: no login.'),
  from: sender.describe('The sender.'),
  to: z
    .array(address, { error: 'a list of e-mail addresses' })
    .min(1, { error: 'at least one e-mail address' })
    .describe('The recipients.'),
};

export const mail = optional({
  ...mailParts,
  passwordFile: text('a path').describe('File that holds the password alone.'),
  passwordEnv: text('the name of an environment variable', /^[A-Za-z_]\w*$/).describe(
    'Variable that holds the password. Default: SMTP_PASSWORD, where it is set.',
  ),
}).describe('Alerts by e-mail.');

export type MailFileSettings = z.infer<typeof mail>;
