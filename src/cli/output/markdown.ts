import pc from 'picocolors';
import { printable } from './format.js';
import { renderTable } from './table.js';

export interface MarkdownOptions {
  /** @defaultValue false */
  color?: boolean;
}

/**
 * The Markdown that a workflow shows, for a terminal: headings and what is bold stand out, tables have columns, signs of
 * Markdown are gone. What could drive the terminal is shown escaped.
 */
export function renderMarkdown(markdown: string, { color = false }: MarkdownOptions = {}): string {
  const { bold } = pc.createColors(color);
  const shown: string[] = [];
  const rows: string[] = [];
  const endTable = () => {
    if (rows.length > 0) shown.push(table(rows.splice(0)));
  };
  for (const line of markdown.split('\n')) {
    if (line.startsWith('|')) {
      rows.push(line);
      continue;
    }
    endTable();
    const [, heading] = /^#+ (.*)/.exec(line) ?? [];
    const [, strong] = /^\*\*(.*)\*\*$/.exec(line) ?? [];
    const important = heading ?? strong;
    shown.push(important === undefined ? plain(line) : bold(plain(important)));
  }
  endTable();
  return shown.join('\n');
}

function table(lines: readonly string[]): string {
  const [header = [], rule = [], ...rows] = lines.map(cellsOf);
  const right = rule.flatMap((cell, index) => (cell.endsWith(':') ? [index] : []));
  const text = renderTable(
    header.map(unmarked),
    rows.map((row) => row.map(unmarked)),
    { right },
  );
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}

function cellsOf(line: string): string[] {
  const cells = line.split(/(?<!\\)\|/).slice(1, -1);
  return cells.map((cell) => cell.trim());
}

function plain(text: string): string {
  return printable(unmarked(text));
}

/** Without the signs of Markdown; a backslash makes a sign mean itself, but not between backticks. */
function unmarked(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (/^`.*`$/.test(part) ? part.slice(1, -1) : part.replace(/\\([^\w\s]|_)/g, '$1')))
    .join('');
}
