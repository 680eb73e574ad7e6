import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Path of one of our modules, named from here, that Node runs as a program: compiled, also when the caller is not. */
export function programPath(name: string): string {
  const beside = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL(`../dist/src/${name}.js`, import.meta.url));
}
