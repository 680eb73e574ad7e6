import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import type { BackupMetadata, BackupSummary } from '../../src/domain/backup/metadata.js';
import type { CommandEnd, Workplace } from '../support/holdfast.js';
import type { TemporalServer } from '../support/temporal.js';
import { historyLeaves } from './support/histories.js';
import { type ProcessSight, watchArguments } from './support/processes.js';

export interface Watched {
  place: Workplace;
  temporal: TemporalServer;
  /** What must turn up nowhere. */
  secret: string;
  /** What the next run backs up. */
  database: string;
}

/** How the command that met the fault must have ended. */
export type Expected = 'success' | { exitCode: number; cause: RegExp };

/** What holds after every fault. It begins to watch when the repository has its older backups and nothing else. */
export class Invariants implements AsyncDisposable {
  readonly #heard: string[] = [];
  readonly #sightings: { seen: ProcessSight[]; stop(): void };

  private constructor(
    private readonly watched: Watched,
    private older: Map<string, string>,
  ) {
    this.#sightings = watchArguments(watched.secret);
  }

  static async watch(watched: Watched): Promise<Invariants> {
    const invariants = new Invariants(watched, new Map());
    await invariants.age();
    expect(invariants.olderCount).toBeGreaterThan(0);
    return invariants;
  }

  /** From now on what is there counts as older. */
  async age(): Promise<void> {
    const files = await digests(join(this.watched.place.backupDir, 'full'));
    this.older = new Map([...files].filter(([name]) => !isPartial(name)));
  }

  /** Text that a command printed. */
  heard(text: string): void {
    this.#heard.push(text);
  }

  /**
   * Checks all five, once the fault is over: how the command ended, the repository, that the next run needs no
   * repair and leaves nothing behind, the repository after it, and that the secret is nowhere.
   * @returns the backups listed before the next run
   */
  async hold(end: CommandEnd, expected: Expected): Promise<BackupSummary[]> {
    const backups = await this.check(end, expected);
    const next = await this.run('backup', this.watched.database);
    expect(next, 'the next run').toMatchObject({ exitCode: 0 });
    const after = await this.repositoryIsSound();
    expect(after.length, 'backups after the next run').toBe(backups.length + 1);
    expect((await this.files()).filter(isPartial), 'partial files after the next run').toEqual([]);
    await this.secretIsNowhere();
    return backups;
  }

  /** {@link hold} for the commands of a restore, which makes no backup and leaves nothing where backups are. */
  async holdRestored(end: CommandEnd, expected: Expected): Promise<void> {
    this.hasEnded(end, expected);
    expect(await this.repositoryIsSound(), 'backups').toHaveLength(this.olderCount);
    expect((await this.files()).filter(isPartial), 'partial files after the restore').toEqual([]);
    expect(await this.run('backup', this.watched.database), 'the next run').toMatchObject({ exitCode: 0 });
    await this.repositoryIsSound();
    await this.secretIsNowhere();
  }

  /** Of {@link hold}, how the command ended and the repository: where more faults are to come, after which it holds. */
  async check(end: CommandEnd, expected: Expected): Promise<BackupSummary[]> {
    this.hasEnded(end, expected);
    const backups = await this.repositoryIsSound();
    expect(backups.length - this.olderCount, 'new backups').toBe(expected === 'success' ? 1 : 0);
    return backups;
  }

  private get olderCount(): number {
    return [...this.older.keys()].filter((name) => name.endsWith('.meta')).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sightings.stop();
  }

  private hasEnded({ exitCode, stderr }: CommandEnd, expected: Expected): void {
    const causes = stderr.split('\n').filter((line) => line.startsWith('✗'));
    if (expected === 'success') expect({ exitCode, causes }, stderr).toEqual({ exitCode: 0, causes: [] });
    else {
      expect(exitCode, stderr).toBe(expected.exitCode);
      expect(causes, stderr).toEqual([expect.stringMatching(expected.cause)]);
    }
  }

  /** Every listed backup has the bytes that its metadata tells of, the older ones are as they were, none is partial. */
  private async repositoryIsSound(): Promise<BackupSummary[]> {
    const { exitCode, stdout, stderr } = await this.run('--json', 'list');
    expect(exitCode, stderr).toBe(0);
    const { backups, broken } = JSON.parse(stdout) as { backups: BackupSummary[]; broken: unknown[] };
    expect(broken, 'broken backups').toEqual([]);
    const full = join(this.watched.place.backupDir, 'full');
    const now = await digests(full);
    for (const { id, file, checksum } of backups) {
      const metadata = JSON.parse(await readFile(join(full, `${id}.meta`), 'utf8')) as BackupMetadata;
      expect(isPartial(basename(file)), file).toBe(false);
      expect(metadata.backup_file).toBe(basename(file));
      expect(now.get(metadata.backup_file), `SHA-256 of ${file}`).toBe(metadata.checksum);
      expect(checksum).toBe(metadata.checksum);
      if (metadata.globals_file !== null)
        expect(now.get(metadata.globals_file), `SHA-256 of ${metadata.globals_file}`).toBe(
          metadata.globals_checksum,
        );
    }
    for (const [name, digest] of this.older) expect(now.get(name), `older file ${name}`).toBe(digest);
    return backups;
  }

  /** In no output, no file of the repository or the state folder, no history, no process's arguments. */
  private async secretIsNowhere(): Promise<void> {
    const { place, temporal, secret } = this.watched;
    expect(this.#heard.filter((text) => text.includes(secret))).toEqual([]);
    expect(this.#sightings.seen).toEqual([]);
    const files = await contents(place.folder);
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter(({ bytes }) => bytes.includes(secret)).map(({ path }) => path)).toEqual([]);
    const history = await historyLeaves(temporal);
    expect(history.length).toBeGreaterThan(0);
    expect(history.filter(({ value }) => value.includes(secret))).toEqual([]);
  }

  private async run(...args: string[]): Promise<CommandEnd> {
    const end = await this.watched.place.run(...args);
    this.heard(end.stdout);
    this.heard(end.stderr);
    return end;
  }

  private async files(): Promise<string[]> {
    return readdir(join(this.watched.place.backupDir, 'full'));
  }
}

/** Whether a file is one that is still being written. */
export function isPartial(name: string): boolean {
  return name.startsWith('.partial-');
}

/** SHA-256 of every file in a folder. */
async function digests(folder: string): Promise<Map<string, string>> {
  const files = await contents(folder, false);
  return new Map(
    files.map(({ path, bytes }) => [basename(path), createHash('sha256').update(bytes).digest('hex')]),
  );
}

/** Every regular file below a folder; with what it decompresses to where that is gzip. */
async function contents(folder: string, decompressed = true): Promise<{ path: string; bytes: Buffer }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const found = await Promise.all(
    files.map(async ({ parentPath, name }) => {
      const path = join(parentPath, name);
      const bytes = await readOrGone(path);
      if (!bytes) return [];
      const isGzip = decompressed && bytes[0] === 0x1f && bytes[1] === 0x8b;
      return [{ path, bytes: isGzip ? Buffer.concat([bytes, tryGunzip(bytes)]) : bytes }];
    }),
  );
  return found.flat();
}

/** Undefined for a file that a worker has removed meanwhile. */
async function readOrGone(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** What of it can be decompressed: nothing, of a file that is cut short. */
function tryGunzip(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes);
  } catch {
    return Buffer.alloc(0);
  }
}
