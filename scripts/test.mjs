#!/usr/bin/env node
// All checks: set-up, lint, types, tests. Arguments go to vitest: `npm test -- test/stream -t gzip`.
// The last line is `N passed, N failed` over all of vitest's tests, lint and types counting one each.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, setUp } from './setup.mjs';

const isCi = Boolean(process.env.CI) && process.env.CI !== 'false';
const environment = { ...process.env };
if (isCi) {
  environment.NO_COLOR = '1';
  delete environment.FORCE_COLOR;
}

const total = { passed: 0, failed: 0, skipped: 0 };

// Ctrl-C reaches the child as well; what it did until then is still summed up.
process.on('SIGINT', () => {});

try {
  setUp();
  // The compiler keeps one core busy; what it says waits until lint, beside it, has said its own.
  const types = start('npm', ['run', '--silent', 'typecheck'], 'pipe');
  await check('lint', start('npm', ['run', '--silent', 'lint']));
  await check('types', types);
  await runTests(process.argv.slice(2));
} catch (error) {
  console.error(`test: ${error.message}`);
  total.failed += 1;
}
const skipped = total.skipped ? `, ${total.skipped} skipped` : '';
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exitCode = total.failed ? 1 : 0;

async function check(name, started) {
  heading(name);
  const { code, said } = await started;
  process.stdout.write(said);
  const ok = code === 0;
  total[ok ? 'passed' : 'failed'] += 1;
  console.log(`${name}: ${ok ? 'passed' : 'failed'}`);
}

async function runTests(extra) {
  heading('tests');
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-results-'));
  const file = join(folder, 'results.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const { code } = await start(process.execPath, [vitest, 'run', ...reporters, ...extra]);
  const counts = count(file);
  rmSync(folder, { recursive: true, force: true });
  // An error outside any test, or no results at all.
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  for (const key of Object.keys(total)) total[key] += counts[key];
}

function count(file) {
  try {
    const results = JSON.parse(readFileSync(file, 'utf8'));
    // A file that could not be loaded has no tests to fail.
    const broken = results.testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
    );
    tellFlaky(results.testResults);
    return {
      passed: results.numPassedTests,
      failed: results.numFailedTests + broken.length,
      skipped: results.numPendingTests + results.numTodoTests,
    };
  } catch (error) {
    console.error(`test: vitest left no results (${error.message})`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/** Resolves to how a program ended, and to what it said where that is not the terminal's (`pipe`). */
function start(command, args, output = 'inherit') {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: environment, stdio: ['inherit', output, output] });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text) => {
        said += text;
      });
    child.once('error', (error) =>
      resolve({ code: 1, said: `test: ${command} does not run: ${error.message}\n` }),
    );
    child.once('close', (code) => resolve({ code: code ?? 1, said }));
  });
}

function heading(text) {
  console.log(`\n== ${text}`);
}

/** A test that passed at a second try only is counted as passed, and named: it or the product has a bug. */
function tellFlaky(files) {
  for (const { name, assertionResults } of files) {
    for (const { status, fullName, failureMessages } of assertionResults) {
      if (status === 'passed' && failureMessages?.length > 0) console.log(`FLAKY ${name}: ${fullName}`);
    }
  }
}
