import { cp, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { expect, vi } from 'vitest';
import type { Cluster } from '../../support/cluster.js';
import { type CommandEnd, createWorkplace, holdfastPath, type Workplace } from '../../support/holdfast.js';
import type { TemporalServer } from '../../support/temporal.js';
import { Invariants } from '../invariants.js';
import { type SlowWire, startSlowWire } from './slow-wire.js';

/** The password that must turn up nowhere. */
export const canary = 'canary-9f3b7c';

/** The database that is backed up, and hit. */
export const database = 'shop';

/** Patience for a condition: never what a test measures. */
export const patiently = { timeout: 120_000, interval: 50 };

/** For a test: everything takes many times as long on a machine that does other things as well. */
export const patience = { timeout: 300_000 };

/** What one test plays in: a repository of its own, with an older backup, and a line of its own to the server. */
export interface Scene extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly temporal: TemporalServer;
  readonly wire: SlowWire;
  readonly place: Workplace;
  readonly invariants: Invariants;
  /** Starts `holdfast worker`; resolves when it works. */
  startWorker(env?: Record<string, string>): Promise<Running>;
  /** Starts a command; settings for it may come last. */
  start(...args: (string | Record<string, string>)[]): Running;
  /** Starts `holdfast backup shop` as the last arguments of another program, such as `strace`. */
  backUpUnder(wrapper: readonly string[], env?: Record<string, string>): Running;
  /** Starts `holdfast backup shop`. */
  backUp(env?: Record<string, string>): Running;
  /** Resolves when attempt `number` of a dump, or a later one, has stored something: with the attempt's number. */
  untilDumping(number?: number): Promise<number>;
  /** Names in the folder of full backups. */
  files(): Promise<string[]>;
}

/** A command that runs. */
export interface Running {
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  readonly end: Promise<CommandEnd>;
  /** What it has printed so far. */
  printed(): string;
}

export interface SceneParts {
  cluster: Cluster;
  temporal: TemporalServer;
  /** The repository whose copy it begins with. */
  older: string;
  env: Record<string, string>;
}

/** Opens a {@link Scene} on a server, with a copy of a repository that has backups already. */
export async function openScene({ cluster, temporal, older, env }: SceneParts): Promise<Scene> {
  const parts: AsyncDisposable[] = [];
  const keep = <T extends AsyncDisposable>(part: T): T => {
    parts.unshift(part);
    return part;
  };
  const dispose = async () => {
    for (const part of parts) await part[Symbol.asyncDispose]();
  };
  try {
    const wire = keep(await startSlowWire(cluster.port));
    const server = {
      ...cluster.env,
      PG_BIN_DIR: cluster.binDir,
      PGHOST: '127.0.0.1',
      PGPORT: String(wire.port),
    };
    const place = keep(
      await createWorkplace({
        ...server,
        ...temporal.env,
        STALL_TIMEOUT_SECONDS: '5',
        COMPRESSION_LEVEL: '1',
        ...env,
      }),
    );
    await cp(older, place.backupDir, { recursive: true, preserveTimestamps: true });
    const invariants = keep(await Invariants.watch({ place, temporal, secret: canary, database }));
    return new PlayedScene(cluster, temporal, wire, place, invariants, dispose);
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** What of a process of execa's is used here. */
interface Child extends PromiseLike<{ exitCode?: number | undefined; stdout: string; stderr: string }> {
  pid?: number | undefined;
  stdout: Readable | null;
  stderr: Readable | null;
  kill(signal: NodeJS.Signals): boolean;
}

class PlayedScene implements Scene {
  constructor(
    readonly cluster: Cluster,
    readonly temporal: TemporalServer,
    readonly wire: SlowWire,
    readonly place: Workplace,
    readonly invariants: Invariants,
    private readonly dispose: () => Promise<void>,
  ) {}

  start(...given: (string | Record<string, string>)[]): Running {
    const args = given.filter((part) => typeof part === 'string');
    const env = Object.assign({}, ...given.filter((part) => typeof part !== 'string')) as Record<
      string,
      string
    >;
    return this.listenTo(this.place.start(args, env));
  }

  backUpUnder([file = '', ...wrapper]: readonly string[], env: Record<string, string> = {}): Running {
    const args = [...wrapper, process.execPath, holdfastPath, 'backup', database];
    const options = { cwd: this.place.folder, env: { ...this.place.env, ...env }, extendEnv: false } as const;
    const patient = { reject: false, stdin: 'ignore', forceKillAfterDelay: false } as const;
    return this.listenTo(execa(file, args, { ...options, ...patient }));
  }

  private listenTo(child: Child): Running {
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (more: string) => {
        text += more;
        this.invariants.heard(more);
      });
    }
    const end = Promise.resolve(child).then(({ exitCode, stdout, stderr }) => ({ exitCode, stdout, stderr }));
    return { pid: child.pid ?? 0, kill: (signal) => void child.kill(signal), end, printed: () => text };
  }

  async startWorker(env: Record<string, string> = {}): Promise<Running> {
    const worker = this.start('worker', env);
    // Not expect.poll: a hook may start it, too.
    await vi.waitUntil(() => worker.printed().includes('working for host'), patiently);
    return worker;
  }

  backUp(env: Record<string, string> = {}): Running {
    return this.start('backup', database, env);
  }

  async untilDumping(number = 1): Promise<number> {
    let attempt = 0;
    const dumping = async () => {
      for (const name of await this.files()) {
        const found = Number(/^\.partial-.*-(\d+)\.sql\.gz$/.exec(name)?.[1] ?? 0);
        if (found >= number && (await this.size(name)) > 0) attempt = found;
      }
      return attempt;
    };
    await expect.poll(dumping, patiently).toBeGreaterThanOrEqual(number);
    return attempt;
  }

  async files(): Promise<string[]> {
    return (await readdir(join(this.place.backupDir, 'full'))).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  /** 0 for a file that is gone meanwhile. */
  private async size(name: string): Promise<number> {
    const path = join(this.place.backupDir, 'full', name);
    return stat(path).then(
      ({ size }) => size,
      () => 0,
    );
  }
}
