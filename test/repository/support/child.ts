import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { build } from 'vite';
import { scratchRoot } from '../../support/server-user.js';
import type { Order, Outcome } from '../children/act.js';

const source = fileURLToPath(new URL('../children/act.ts', import.meta.url));

/** The repository in a process of its own, which a test may kill, trace, or run as another user. */
export interface Child {
  /** Runs one order; `wrapper` is a command that runs the process, such as `strace`. */
  run(order: Order, options?: ChildOptions): Promise<Outcome & { signal?: string; stderr: string }>;
  /** Command line of the process that does `order`. */
  commandOf(order: Order): string[];
  remove(): void;
}

export interface ChildOptions {
  wrapper?: string[];
  env?: Record<string, string>;
  uid?: number;
}

/** Bundles the child's program as the sources are now, where any user can read it. */
export async function bundleChild(): Promise<Child> {
  const folder = mkdtempSync(join(scratchRoot(), 'holdfast-child-'));
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: source,
      outDir: folder,
      minify: false,
      rollupOptions: { output: { entryFileNames: 'act.mjs' } },
    },
    ssr: { noExternal: true },
  });
  chmodSync(folder, 0o755);
  const commandOf = (order: Order) => [process.execPath, join(folder, 'act.mjs'), JSON.stringify(order)];
  return {
    commandOf,
    remove: () => rmSync(folder, { recursive: true, force: true }),
    async run(order, { wrapper = [], env = {}, uid } = {}) {
      const [file = '', ...args] = [...wrapper, ...commandOf(order)];
      const identity = uid === undefined ? {} : { uid, gid: uid };
      const { stdout, stderr, signal } = await execa(file, args, {
        reject: false,
        env,
        cwd: '/',
        ...identity,
      });
      const outcome = (stdout === '' ? {} : JSON.parse(stdout)) as Outcome;
      return { ...outcome, stderr, ...(signal !== undefined && { signal }) };
    },
  };
}
