import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { configurationReference } from '../../src/config/reference.js';
import { configJsonSchema } from '../../src/config/schema/file.js';

const text = configurationReference();

test('docs/configuration.md is as the schema has it: `npm run docs` makes it anew', async () => {
  const path = new URL('../../docs/configuration.md', import.meta.url);
  expect(await readFile(path, 'utf8')).toBe(text);
});

test('every setting of holdfast.yaml has its place in it, with a meaning', () => {
  const names = (schema: ReturnType<typeof configJsonSchema>): string[] => [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => [name, ...names(inner)]),
    ...(schema.items ? names(schema.items) : []),
    ...(typeof schema.additionalProperties === 'object' ? names(schema.additionalProperties) : []),
  ];
  const all = [...new Set(names(configJsonSchema()))];
  expect(all.length).toBeGreaterThan(40);
  for (const name of all) expect(text).toContain(`| \`${name}\` |`);
});

test('a variable is told with the setting that it stands for, its range and its default', () => {
  expect(text).toContain(
    '| `RETENTION_DAYS` | `defaults.retentionDays` | 1 to 36,500 | 30 | Days for which full backups are kept. |',
  );
  expect(text).toContain('| `PGSSLMODE` | `clusters.NAME.connection.sslmode` | `disable`, `allow`, `prefer`');
});
