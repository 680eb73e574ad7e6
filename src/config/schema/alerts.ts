import * as z from 'zod';
import { alertPriorities, alertTypes } from '../../domain/alert.js';
import { oneOf, section, text } from './parts.js';

/** What `{{…}}` in a template may name. */
const templateFields = [
  'id',
  'type',
  'priority',
  'message',
  'remedy',
  'database',
  'cluster',
  'host',
  'time',
  'metrics',
] as const;

const unknownField = new RegExp(`\\{\\{(?!(?:${templateFields.join('|')})\\}\\})`);

/** What a channel may be called. */
const channelName = text(
  'a name of lower-case letters, digits, _ and -, other than endpoint and mail',
  /^(?!(?:endpoint|mail)$)[a-z0-9][a-z0-9_-]{0,40}$/,
);

const webhook = section({
  name: channelName
    .optional()
    .describe('What routes and `holdfast alert test` call it. Default: webhook-1 for the first one.'),
  url: z
    .url({ protocol: /^https?$/, hostname: /./, error: 'an http or https URL' })
    .describe('Where alerts are POSTed.'),
  template: z
    .string({ error: 'a text' })
    .refine((template) => !unknownField.test(template), {
      error: `a text whose {{...}} are of ${templateFields.join(', ')}`,
    })
    .describe(
      `The body, as JSON by default: in it {{message}} and the like (${templateFields.join(', ')}) stand for the alert's.`,
    ),
  contentType: text('a media type')
    .optional()
    .describe(
      'Default: application/json. With another one what stands in the place of {{...}} is not escaped.',
    ),
});

export const webhooks = z
  .array(webhook, { error: 'a list of webhooks' })
  .describe('Other services that alerts are POSTed to, each with a body of its own, as chats take it.');

const names = (what: string) =>
  z.array(text(what), { error: `a list: ${what} each` }).min(1, { error: `a list: ${what} each` });

const route = section({
  channels: names('endpoint, mail, or the name of a webhook').describe('Where such alerts go.'),
  clusters: names('the name of a cluster').optional().describe('Only alerts of these clusters.'),
  databases: names('the name of a database')
    .optional()
    .describe('Only alerts of these databases; those of a whole cluster are of none.'),
  types: z
    .array(oneOf(alertTypes), { error: 'a list of types of alerts' })
    .min(1, { error: 'at least one type' })
    .optional()
    .describe('Only alerts of these types.'),
  minimumPriority: oneOf(alertPriorities)
    .optional()
    .describe('Only alerts of this priority or a higher one, and that they are over.'),
});

export const routes = z
  .array(route, { error: 'a list of routes' })
  .describe(
    'Which alerts go where. A channel that no route names takes all; one that is named, what any of its routes lets through.',
  );

export type RouteFileSettings = z.infer<typeof route>;
