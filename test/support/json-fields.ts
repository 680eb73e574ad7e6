/** Every path to a value that is no object or list with something in it: `backups[].id`; `[]` alone for a list of lists. */
export function fieldsOf(value: unknown, path = ''): Set<string> {
  if (typeof value !== 'object' || value === null) return new Set([path]);
  const inner = Array.isArray(value)
    ? value.map((item) => fieldsOf(item, `${path}[]`))
    : Object.entries(value).map(([name, item]) => fieldsOf(item, path === '' ? name : `${path}.${name}`));
  return inner.length === 0 ? new Set([path]) : new Set(inner.flatMap((fields) => [...fields]));
}

/** What a page says of a command's JSON, or of a part that several share. */
export interface DocumentedJson {
  /** As the heading has it, without backticks: `holdfast list`. */
  title: string;
  /** By path; `.*` at its end stands for any names below. Optional: its meaning begins with "only". */
  fields: Map<string, { isOptional: boolean }>;
  /** The text of each block of JSON below. */
  examples: string[];
}

interface Section {
  title: string;
  rows: { path: string; meaning: string }[];
  examples: string[];
}

/** Every section of a page that has a table of fields; a link such as `[a backup](#a-backup)` puts in that section's. */
export function documentedJson(page: string): DocumentedJson[] {
  const sections = page
    .split(/^#{2,3} /m)
    .slice(1)
    .map(sectionOf);
  const bySlug = new Map(sections.map((section) => [slugOf(section.title), section]));
  return sections
    .filter(({ rows }) => rows.length > 0)
    .map((section) => ({
      ...{ title: section.title, examples: section.examples },
      fields: new Map(expanded(section, '', false, bySlug)),
    }));
}

function sectionOf(text: string): Section {
  const [heading = ''] = text.split('\n');
  return {
    title: heading.replaceAll('`', ''),
    rows: [...text.matchAll(/^\| `([^`]+)` \| (.*) \|$/gm)].map(([, path = '', meaning = '']) => ({
      path,
      meaning,
    })),
    examples: [...text.matchAll(/^```json\n(.*?)^```/gms)].map(([, example = '']) => example),
  };
}

function expanded(
  { rows }: Section,
  before: string,
  isOptional: boolean,
  bySlug: ReadonlyMap<string, Section>,
): [string, { isOptional: boolean }][] {
  return rows.flatMap(({ path, meaning }): [string, { isOptional: boolean }][] => {
    const whole = before === '' ? path : `${before}.${path}`;
    const optional = isOptional || meaning.startsWith('only');
    const [, slug = ''] = /\]\(#(an?-[a-z-]+)\)/.exec(meaning) ?? [];
    const shared = bySlug.get(slug);
    const parts = shared ? expanded(shared, whole, optional, bySlug) : [];
    return [[whole, { isOptional: optional }], ...parts];
  });
}

function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
}

/** Paths that were printed and are documented nowhere. */
export function undocumented({ fields }: DocumentedJson, printed: ReadonlySet<string>): string[] {
  const paths = [...fields.keys()];
  return [...printed].filter(
    (path) =>
      !paths.some(
        (known) =>
          isWithin(known, path) || (known.endsWith('.*') && isWithin(path, known.slice(0, -'.*'.length))),
      ),
  );
}

/** Paths that are documented, not as optional, and were not printed. */
export function unseen({ fields }: DocumentedJson, printed: ReadonlySet<string>): string[] {
  const missing = [...fields].filter(([path, { isOptional }]) => {
    const place = path.endsWith('.*') ? path.slice(0, -'.*'.length) : path;
    // A list of which nothing was in it.
    const empty = place.replace(/\[\]$/, '');
    return !isOptional && !printed.has(empty) && ![...printed].some((seen) => isWithin(seen, place));
  });
  return missing.map(([path]) => path);
}

/** Whether `path` is `place`, or lies below it. */
function isWithin(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}.`) || path.startsWith(`${place}[]`);
}
