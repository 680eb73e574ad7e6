import { cp, mkdir, mkdtemp, realpath, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

let project: string;

/** A small project with the real scripts, whose npm scripts are `true` unless a test changes them. */
beforeEach(async () => {
  project = await realpath(await mkdtemp(join(tmpdir(), 'hf-scripts-')));
  await cp(join(root, 'scripts'), join(project, 'scripts'), { recursive: true });
  await mkdir(join(project, 'node_modules'));
  await symlink(join(root, 'node_modules', 'vitest'), join(project, 'node_modules', 'vitest'));
  await writeFile(join(project, 'package-lock.json'), '{}');
  await writeFile(join(project, 'node_modules', '.package-lock.json'), '{}');
  await npmScripts({});
});

afterEach(() => rm(project, { recursive: true, force: true }));

test('lint, types and each test count one, and the sum is the last line', async () => {
  await testFile("test('a', () => {}); test('b', () => {}); test.skip('c', () => {});");
  const { lastLine, exitCode } = await runTests();
  expect(lastLine).toBe('4 passed, 0 failed, 1 skipped');
  expect(exitCode).toBe(0);
});

test('one failing test and failing types are two failures', async () => {
  await npmScripts({ typecheck: 'false' });
  await testFile("test('a', () => {}); test('b', () => { throw new Error('no'); });");
  const { lastLine, exitCode } = await runTests();
  expect(lastLine).toBe('2 passed, 2 failed');
  expect(exitCode).toBe(1);
});

test('lint and types go beside each other, and each is told below its own name', async () => {
  // Each ends only when the other has begun.
  const meets = (own: string, other: string) =>
    `touch ${own}; timeout 120 sh -c 'until [ -e ${other} ]; do sleep 0.1; done' && echo said by ${own}`;
  await npmScripts({ lint: meets('lint', 'types'), typecheck: `${meets('types', 'lint')}; exit 1` });
  await testFile("test('a', () => {});");
  const { output, lastLine } = await runTests();
  expect(lastLine).toBe('2 passed, 1 failed');
  expect(output).toMatch(/== lint\nsaid by lint\nlint: passed\n\n== types\nsaid by types\ntypes: failed\n/);
});

test('a test file that does not load counts as failed', async () => {
  await testFile("import './absent.js';");
  expect(await runTests()).toMatchObject({ lastLine: '2 passed, 1 failed', exitCode: 1 });
});

test('an error outside of any test counts as failed', async () => {
  await testFile(
    "test('a', () => { setTimeout(() => { throw new Error('late'); }, 0); return new Promise((r) => setTimeout(r, 50)); });",
  );
  expect(await runTests()).toMatchObject({ lastLine: '3 passed, 1 failed', exitCode: 1 });
});

test('a vitest that dies without results counts as failed', async () => {
  await testFile("test('a', () => {});");
  await writeFile(join(project, 'vitest.config.ts'), 'process.exit(0)');
  expect(await runTests()).toMatchObject({ lastLine: '2 passed, 1 failed', exitCode: 1 });
});

test('arguments go to vitest', async () => {
  await testFile("test('apple', () => {}); test('pear', () => {});");
  expect((await runTests('-t', 'pear')).lastLine).toBe('3 passed, 0 failed, 1 skipped');
});

test('a build that fails is said, and nothing is tested', async () => {
  await npmScripts({ build: 'false' });
  await testFile("test('a', () => {});");
  const run = await runTests();
  expect(run).toMatchObject({ lastLine: '0 passed, 1 failed', exitCode: 1 });
  expect(run.output).toContain('the build failed');
});

test('packages that cannot be installed are said in plain words', async () => {
  await rm(join(project, 'node_modules'), { recursive: true });
  await writeFile(join(project, 'package-lock.json'), 'no lock file');
  const run = await runTests();
  expect(run).toMatchObject({ lastLine: '0 passed, 1 failed', exitCode: 1 });
  expect(run.output).toContain('npm could not install the packages');
});

test('the set-up builds when a source is newer, and only then', async () => {
  await npmScripts({ build: 'echo built' });
  const setUp = async () => (await execa('node', ['scripts/setup.mjs'], { cwd: project })).stdout;
  expect(await setUp()).toContain('built');
  expect(await setUp()).toBe('');
  await mkdir(join(project, 'src'));
  await writeFile(join(project, 'src', 'a.ts'), '');
  const later = new Date(Date.now() + 1000);
  await utimes(join(project, 'src', 'a.ts'), later, later);
  expect(await setUp()).toContain('built');
});

test('under CI the output has no colours', async () => {
  await testFile("test('a', () => { throw new Error('no'); });");
  const run = await runTests();
  expect(run.output).toContain('FAIL');
  expect(run.output).not.toContain('\u001b[');
});

async function npmScripts(scripts: Record<string, string>): Promise<void> {
  const all = { build: 'true', lint: 'true', typecheck: 'true', ...scripts };
  await writeFile(join(project, 'package.json'), JSON.stringify({ type: 'module', scripts: all }));
}

async function testFile(body: string): Promise<void> {
  await writeFile(join(project, 'some.test.ts'), `import { test } from 'vitest';\n${body}\n`);
}

async function runTests(...args: string[]) {
  const env = { ...process.env, CI: 'true' };
  const run = await execa('node', ['scripts/test.mjs', ...args], {
    cwd: project,
    env,
    all: true,
    reject: false,
  });
  return { output: run.all, lastLine: run.all.split('\n').at(-1), exitCode: run.exitCode };
}
