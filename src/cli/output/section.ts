import type { Output } from './output.js';

/** Prints the title of a part, behind an empty line. */
export function section(output: Output, title: string): void {
  output.print('');
  output.print(title.toUpperCase());
}
