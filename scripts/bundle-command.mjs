// Bundles the command into one file with those of its libraries that are many small ones, which Node 20 spends a third
// of a second to find and read: at each start of a command, before anything is dumped. Left out are Temporal's packages,
// whose client and worker must share their classes, and what loads parts of itself by name.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { dependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
const temporal = Object.keys(dependencies).filter((name) => name.startsWith('@temporalio/'));

await build({
  absWorkingDir: root,
  entryPoints: ['dist/src/cli/main.js'],
  outfile: 'dist/holdfast.cjs',
  bundle: true,
  platform: 'node',
  target: 'node20',
  // From an ES module, Node would read CommonJS packages such as Temporal's twice: for their names, and to run them.
  format: 'cjs',
  external: [...temporal, 'nodemailer', 'pg', 'pino', 'pino-pretty', 'proper-lockfile'],
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  logLevel: 'warning',
});
