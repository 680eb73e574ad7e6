// The command line, run as a person would.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { colorOfCommands, typed } from './telling.mjs';

const cli = fileURLToPath(new URL('../../dist/holdfast.cjs', import.meta.url));

/** What the demo's commands get: nothing of the caller's settings, so that they reach nothing of the caller's. */
export function demoEnvironment(postgres, work) {
  const state = join(work, 'state');
  mkdirSync(state, { mode: 0o700 });
  const passed = [
    ...['PATH', 'HOME', 'USER', 'TERM', 'LANG', 'NO_COLOR'],
    ...['XDG_CACHE_HOME', 'HOLDFAST_CACHE_DIR', 'PG_BIN_DIR'],
  ];
  const kept = passed.filter((name) => process.env[name] !== undefined);
  return {
    PG_BIN_DIR: postgres.bin,
    ...Object.fromEntries(kept.map((name) => [name, process.env[name]])),
    ...postgres.connection,
    BACKUP_DIR: join(work, 'data'),
    HOLDFAST_STATE_DIR: state,
  };
}

const running = new Set();
let isOver = false;

function launch(env, args, stdio, more = {}) {
  return track(
    spawn(process.execPath, [cli, ...args], { env: { ...env, ...more }, cwd: env.HOLDFAST_STATE_DIR, stdio }),
  );
}

/** Has a process of the demo stopped with it, however it ends. */
export function track(child) {
  running.add(child);
  child.once('exit', () => running.delete(child));
  if (isOver) child.kill('SIGTERM');
  return child;
}

/** Asks what still runs to end, and waits for it. */
export async function stopProcesses() {
  isOver = true;
  await Promise.all([...running].map(stopProcess));
}

/** Runs a command to its end, its output shown as it comes. */
export async function runCommand(env, args) {
  typed(words(args));
  const child = launch(env, args, ['ignore', 'inherit', 'inherit']);
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${words(args)} ended with ${code}`);
}

/** Starts a command whose output is shown until {@link StartedCommand.hold}, and from then on kept for `finish`. */
export function startCommand(env, args) {
  typed(words(args));
  const child = launch(env, args, ['ignore', 'pipe', 'pipe'], colorOfCommands);
  const ended = once(child, 'close');
  let shown = '';
  let held;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      shown += text;
      if (held === undefined) process.stdout.write(text);
      else held += text;
    });
  }
  return {
    /** Resolves when the command has printed it; what comes after the next line's end is held back. */
    async hold(text) {
      const over = ended.then(() => true);
      while (!shown.includes(text))
        if (await Promise.race([over, new Promise((resolve) => setTimeout(resolve, 50))]))
          throw new Error(`${words(args)} ended with ${child.exitCode}`);
      held = '';
    },
    /** Shows what was held back, and waits for the end. */
    async finish() {
      const [code] = await ended;
      process.stdout.write(held ?? '');
      if (code !== 0) throw new Error(`${words(args)} ended with ${code}`);
      return shown;
    },
  };
}

/** A worker as it would run on the database's host; its log is a file. */
export async function startWorker(env) {
  const logPath = join(env.HOLDFAST_STATE_DIR, 'worker.log');
  const log = openSync(logPath, 'w', 0o600);
  const child = launch(env, ['worker'], ['ignore', log, log]);
  for (let tries = 0; tries < 600 && child.exitCode === null; tries += 1) {
    if (readFileSync(logPath, 'utf8').includes('working for host')) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the worker did not start:\n${readFileSync(logPath, 'utf8')}`);
}

async function stopProcess(child) {
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

function words(args) {
  return ['holdfast', ...args].map((word) => (/^[\w./-]+$/.test(word) ? word : `"${word}"`)).join(' ');
}
