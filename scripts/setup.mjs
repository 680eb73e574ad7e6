#!/usr/bin/env node
// Brings a checkout to where its tests and commands run: packages installed, TypeScript compiled. Plain Node, since
// nothing may be installed yet. Does nothing when nothing is missing or older than what it is made from.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** What `npm run build` reads. */
const sources = [
  'src',
  'workflows',
  'activities',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
];

/** Written after each build that succeeded, dated when it began. */
const buildStamp = join(root, 'dist', '.built');

/** Installs and builds what is missing or out of date; throws an Error in plain words. */
export function setUp() {
  requireNode();
  if (modified(join(root, 'package-lock.json')) > modified(join(root, 'node_modules', '.package-lock.json')))
    install();
  if (Math.max(...sources.map((source) => newest(join(root, source)))) > modified(buildStamp)) build();
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new Error(`Holdfast needs Node 20.19 or later, this is ${process.versions.node}`);
}

function install() {
  console.log('setup: installing packages (npm ci)');
  run(
    ['ci', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error'],
    'npm could not install the packages: see its words above; without network, check `npm config get registry`, and the proxy',
  );
  // npm leaves the date of an unchanged tree alone, which would have us install it each time.
  const now = new Date();
  utimesSync(join(root, 'node_modules', '.package-lock.json'), now, now);
}

function build() {
  console.log('setup: building (npm run build)');
  const began = new Date();
  run(['run', '--silent', 'build'], 'the build failed: see above');
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(buildStamp, '');
  utimesSync(buildStamp, began, began);
}

function run(npmArguments, failure) {
  const { status, error } = spawnSync('npm', npmArguments, { cwd: root, stdio: 'inherit' });
  if (error) throw new Error(`npm does not run: ${error.message}`);
  if (status !== 0) throw new Error(failure);
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** The latest change below a path; a folder's own date tells of files that were removed. */
function newest(path) {
  const own = modified(path);
  if (!own || !statSync(path).isDirectory()) return own;
  return Math.max(own, ...readdirSync(path).map((name) => newest(join(path, name))));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    setUp();
  } catch (error) {
    console.error(`setup: ${error.message}`);
    process.exit(1);
  }
}
