import { z } from 'zod';
import { section, text } from './schema-parts.js';

/** What `{{…}}` in a template may name. */
export const templateFields = [
  'id',
  'type',
  'priority',
  'message',
  'database',
  'cluster',
  'host',
  'time',
  'metrics',
] as const;

const unknownField = new RegExp(`\\{\\{(?!(?:${templateFields.join('|')})\\}\\})`);

const webhook = section({
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
