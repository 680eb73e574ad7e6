import Table from 'cli-table3';
import { printable } from './format.js';

export interface TableOptions {
  /** Columns (counted from 0) whose cells stand at the right, as numbers do. */
  right?: number[];
  /** Columns whose cells are never broken, for they are copied: ids, checksums, paths. The table is rather too wide. */
  whole?: number[];
  /** Columns of the terminal; cells of the widest column wrap to fit. @defaultValue that of standard output, no limit when it is no terminal */
  width?: number;
}

const gap = 2;
const leastWidth = 8;

const noBorders = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '' },
  middle: ' '.repeat(gap),
};

/** Rows in columns without borders, under `header` if there is one. What could drive the terminal is shown escaped. */
export function renderTable(header: string[] | null, rows: string[][], options: TableOptions = {}): string {
  const { right = [], whole = [], width = terminalWidth() } = options;
  const lines = [...(header ? [header] : []), ...rows].map((cells) => cells.map(printable));
  const columns = Math.max(0, ...lines.map((cells) => cells.length));
  const indexes = Array.from({ length: columns }, (_, index) => index);
  const widths = indexes.map((index) =>
    Math.max(0, ...lines.map((cells) => displayWidth(cells[index] ?? ''))),
  );
  const colWidths = fitWidths(widths, [...right, ...whole], width);
  const table = new Table({
    chars: noBorders,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    colAligns: indexes.map((index) => (right.includes(index) ? 'right' : 'left')),
    ...(colWidths && { colWidths, wordWrap: true, wrapOnWordBoundary: false }),
  });
  for (const cells of lines) table.push(indexes.map((index) => cells[index] ?? ''));
  const text = table.toString().split('\n');
  return text.map((line) => line.trimEnd()).join('\n');
}

/** The widest columns give way until the table fits, the firm ones never; undefined where it fits as it is, or can't at all. */
function fitWidths(widths: readonly number[], firm: readonly number[], width: number): number[] | undefined {
  const fitted = widths.map((one) => Math.max(1, one));
  let excess = sum(fitted) + gap * (fitted.length - 1) - width;
  if (excess <= 0) return undefined;
  for (; excess > 0; excess -= 1) {
    const widest = Math.max(...fitted.filter((_, index) => !firm.includes(index)));
    if (widest <= leastWidth) return undefined;
    const index = fitted.findIndex((one, at) => one === widest && !firm.includes(at));
    fitted[index] = widest - 1;
  }
  return fitted;
}

/** Columns on a terminal, rather too many than too few: East Asian signs and emoji take two. */
function displayWidth(text: string): number {
  return [...text].reduce(
    (width, character) => width + ((character.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1),
    0,
  );
}

function terminalWidth(): number {
  return process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
