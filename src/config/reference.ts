import { environmentSchema } from './schema/environment.js';
import { configJsonSchema, type JsonSchema } from './schema/file.js';

/** `docs/configuration.md`: every setting of holdfast.yaml and every variable, out of the schema that checks them. */
export function configurationReference(): string {
  const sections = sectionsOf(configJsonSchema(), []);
  const entries = sections.flatMap((section) => section.entries);
  return [
    intro,
    '## Variables\n',
    table(
      ['variable', 'in holdfast.yaml', 'allowed', 'default', ''],
      [
        ...Object.entries(environmentSchema().properties ?? {}).map(([name, schema]) => [
          `\`${name}\``,
          inFile(schema, entries),
          ...columns(schema),
        ]),
        ...readElsewhere,
      ],
    ),
    '## holdfast.yaml\n',
    ...sections.map(({ path, description, entries: rows }) => {
      const title = path.length === 0 ? 'Top level' : `\`${shown(path)}\``;
      const body = table(
        ['setting', 'allowed', 'default', ''],
        rows.map(({ key, schema }) => [`\`${key}\``, ...columns(schema)]),
      );
      return [`### ${title}\n`, ...(description ? [`${description}\n`] : []), body].join('\n');
    }),
  ].join('\n');
}

const intro = `# Settings

<!-- Made by \`npm run docs\` from the schema that checks the settings: don't edit it here. -->

Read from the environment, then \`.env\` in the working folder, then \`holdfast.yaml\` there (or \`-c FILE\`), then the defaults.
A variable stands over what the file says of the cluster \`default\` and of all clusters (\`defaults\`), under what it says of
another cluster by name. A wrong setting is told with its field, value, what is allowed and where it was read; nothing is
started then, and the exit code is 2. A variable that looks like one of these and is none is told by \`config show\` and
\`doctor\`.

\`\`\`sh
holdfast init             # asks, and writes a commented holdfast.yaml
holdfast config show      # what holds, and where each setting was read; secrets masked
holdfast config schema    # JSON Schema, for editors: # yaml-language-server: $schema=holdfast.schema.json
\`\`\`

Relative paths stand against the folder of the file that has them, those of variables against the working folder; \`~/\` is
the user's own. A password never stands in holdfast.yaml: \`passwordFile\`, \`passwordEnv\`, \`service\` or \`~/.pgpass\`
(see [security.md](security.md)).
`;

/** Those that are read by others than the schema. */
const readElsewhere = [
  [
    '`HOLDFAST_STATE_DIR`',
    '',
    'path',
    '`~/.local/state/holdfast`',
    'What must outlast a restart: the private Temporal server’s database, what monitoring told, alerts that wait.',
  ],
  [
    '`HOLDFAST_CACHE_DIR`',
    '',
    'path',
    '`~/.cache/holdfast`',
    'What can be fetched again: Temporal’s program.',
  ],
  [
    '`TEMPORAL_API_KEY`, `TEMPORAL_TLS_*`, `TEMPORAL_PROFILE`, …',
    '',
    '',
    '',
    'As Temporal’s own tools read them.',
  ],
  ['`PGCONNECT_TIMEOUT`, `PGSSLCERT`, `PGSSLKEY`', '', '', 'as libpq', 'As libpq reads them.'],
  ['`NO_COLOR`, `FORCE_COLOR`', '', '', '', 'As https://no-color.org and https://force-color.org have it.'],
];

interface Entry {
  path: string[];
  key: string;
  schema: JsonSchema;
}

interface Section {
  path: string[];
  description: string;
  entries: Entry[];
}

/** One section for each map of settings, the outer before the inner ones. */
function sectionsOf(schema: JsonSchema, path: string[], given: ReadonlySet<string> = new Set()): Section[] {
  const properties = Object.entries(schema.properties ?? {});
  const entries = properties
    .filter(([key]) => !given.has(key))
    .map(([key, inner]) => ({ path: [...path, key], key, schema: inner }));
  const note = given.size > 0 ? ' Besides these every setting of `defaults`, for this cluster alone.' : '';
  const description = `${String(schema.description ?? '')}${note}`.trim();
  const own = properties.length > 0 ? [{ path, description, entries }] : [];
  const inner = entries.flatMap((entry) => {
    // What defaults can set is told there.
    const shared = entry.key === 'clusters' ? Object.keys(schema.properties?.defaults?.properties ?? {}) : [];
    return innerSections(entry, new Set(shared));
  });
  return [...own, ...inner];
}

function innerSections({ path, schema }: Entry, shared: ReadonlySet<string>): Section[] {
  const { properties, additionalProperties, items } = schema;
  if (properties) return sectionsOf(schema, path);
  if (items) return sectionsOf(items, [...path, '[]']);
  if (typeof additionalProperties === 'object')
    return sectionsOf(additionalProperties, [...path, 'NAME'], shared);
  return [];
}

function shown(path: string[]): string {
  return path.join('.').replaceAll('.[]', '[]');
}

/** The setting of the same description, where there is one. */
function inFile({ description }: JsonSchema, entries: readonly Entry[]): string {
  const found = entries.find(
    (entry) => description !== undefined && entry.schema.description === description,
  );
  return found ? `\`${shown(found.path)}\`` : '';
}

/** What is allowed, the default, and the meaning without it. */
function columns(schema: JsonSchema): string[] {
  const description = String(schema.description ?? '');
  const [, meaning = description, usual = '', more = ''] =
    /^(.*?)\s*Default: (.+?)(?:\. (.+)|\.)?$/.exec(description) ?? [];
  return [allowed(schema), usual, `${meaning} ${more}`.trim()];
}

function allowed({
  type,
  items,
  minimum,
  maximum,
  enum: values,
  const: only,
  format,
  anyOf,
}: JsonSchema): string {
  if (Array.isArray(values)) return values.map((value) => `\`${String(value)}\``).join(', ');
  if (only !== undefined) return `\`${String(only)}\``;
  if (Array.isArray(anyOf)) return (anyOf as JsonSchema[]).map((one) => allowed(one)).join(', ');
  if (type === 'integer' && typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER)
    return `${Number(minimum).toLocaleString('en-US')} to ${maximum.toLocaleString('en-US')}`;
  if (type === 'boolean') return '`true`, `false`';
  if (type === 'array') return items?.type === 'object' ? 'a list, see below' : 'a list of texts';
  if (type === 'object') return 'see below';
  if (format === 'uri') return 'a URL';
  return type === 'integer' ? 'a whole number' : type === 'null' ? '`null`' : 'text';
}

function table(header: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), `|${'---|'.repeat(header.length)}`, ...rows.map(line), ''].join('\n');
}
