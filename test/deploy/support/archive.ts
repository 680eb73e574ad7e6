import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { archiveCommand } from '../../../src/domain/wal/archive-command.js';
import { scratchRoot } from '../../support/server-user.js';

const shipped = fileURLToPath(new URL('../../../deploy/archive-wal.sh', import.meta.url));

/** Where there is such a file system, fsync costs these tests nothing. */
const withoutDisk = existsSync('/dev/shm') ? '/dev/shm' : scratchRoot();

export interface ArchiveEnd {
  exitCode: number | undefined;
  stderr: string;
}

/** An archive with the script beside it, and a folder to archive from. */
export interface Archive {
  /** Where the script is. */
  readonly place: string;
  /** The archive's folder. */
  readonly wal: string;
  readonly script: string;
  /** A file for the server to archive. */
  source(name: string, content: string | Uint8Array): string;
  /** Calls the script as a server does. */
  archive(source: string, name: string, options?: CallOptions): Promise<ArchiveEnd>;
  /** Names in the archive; those of partial files as `.partial/…`. */
  files(): string[];
}

export interface CallOptions {
  /** The server's shell, without `-c`. @defaultValue `sh` */
  shell?: readonly string[];
  env?: Record<string, string>;
}

/** Makes an {@link Archive} for one test, in a folder with all that a shell could trip over. */
export function scratchArchive(folder = `b a'c"$k;%p *`): Archive {
  const root = mkdtempSync(join(withoutDisk, 'hf-archive-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const place = join(root, folder);
  const [wal, pgWal, script] = [join(place, 'wal'), join(root, 'pg_wal'), join(place, 'archive-wal.sh')];
  for (const path of [wal, pgWal]) mkdirSync(path, { recursive: true });
  copyFileSync(shipped, script);
  return {
    ...{ place, wal, script },
    source(name, content) {
      const path = join(pgWal, name);
      writeFileSync(path, content);
      return path;
    },
    async archive(source, name, { shell = ['sh'], env = {} } = {}) {
      const command = archiveCommand(place).replace(
        /%(.)/g,
        (_, letter) => ({ p: source, f: name })[letter as string] ?? letter,
      );
      const [file = '', ...args] = [...shell, '-c', command];
      const { exitCode, stderr } = await execa(file, args, { env, reject: false });
      return { exitCode, stderr };
    },
    files() {
      const partials = readdirSync(wal).includes('.partial') ? readdirSync(join(wal, '.partial')) : [];
      const names = readdirSync(wal).filter((name) => name !== '.partial');
      return [...names, ...partials.map((name) => `.partial/${name}`)].sort();
    },
  };
}

/** A PATH on which `program` is a script of ours, told the real one as `$real`. */
export function pathWith(program: string, script: string): string {
  const folder = mkdtempSync(join(scratchRoot(), 'hf-path-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = process.env.PATH ?? '';
  const text = `#!/bin/sh\nreal() { PATH='${path}' command ${program} "$@"; }\n${script}\n`;
  writeFileSync(join(folder, program), text, { mode: 0o755 });
  return [folder, path].join(delimiter);
}
