import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Holdfast's own folder, wherever in it this module runs: from its source, compiled, or bundled with others. */
const packageRoot = findPackageRoot(new URL('./', import.meta.url));

function findPackageRoot(folder: URL): URL {
  const parent = new URL('../', folder);
  return parent.href === folder.href || existsSync(new URL('package.json', folder))
    ? folder
    : findPackageRoot(parent);
}

/** Path of a file that comes with Holdfast, named from its folder. */
export function packagePath(name: string): string {
  return fileURLToPath(new URL(name, packageRoot));
}

/** Path of one of our modules, named from `src`, that Node runs as a program: compiled, also when the caller is not. */
export function programPath(name: string): string {
  return packagePath(`dist/src/${name}.js`);
}
