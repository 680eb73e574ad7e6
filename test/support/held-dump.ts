import { existsSync } from 'node:fs';
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { Cluster } from './cluster.js';
import type { Workplace } from './holdfast.js';
import { patience } from './patience.js';

type RunningCommand = ReturnType<Workplace['start']>;

/** A dump that a test stops in the middle, for as long as it needs. The bytes are `pg_dump`'s own. */
export interface HeldDump {
  /** For PG_BIN_DIR. */
  readonly binDir: string;
  /** The next dump stops after its first bytes; what it has left to write it writes after {@link release}. */
  hold(): Promise<void>;
  release(): Promise<void>;
  /** Waits until a dump is held; throws what `command` said when it ended instead. */
  untilHeld(command: RunningCommand): Promise<void>;
}

/** Lets the first bytes through, then waits while the file `hold` is there; so the wait ends with the folder. */
const gate = `head -c 2000; if [ -e hold ]; then touch held; while [ -e hold ]; do sleep 0.05; done; fi; exec cat`;

/** Makes a folder of client programs in `folder` whose `pg_dump` can be held. */
export async function createHeldDump({ binDir: real }: Cluster, folder: string): Promise<HeldDump> {
  const binDir = join(folder, 'held-bin');
  await mkdir(binDir);
  for (const name of ['pg_dumpall', 'psql']) await symlink(join(real, name), join(binDir, name));
  const script = `#!/bin/bash
[ "$1" = --version ] && exec '${join(real, 'pg_dump')}' --version
exec '${join(real, 'pg_dump')}' "$@" > >(cd '${binDir}' && { ${gate}; } 2>/dev/null)
`;
  await writeFile(join(binDir, 'pg_dump'), script);
  await chmod(join(binDir, 'pg_dump'), 0o755);
  const [hold, held] = [join(binDir, 'hold'), join(binDir, 'held')];
  return {
    binDir,
    async hold() {
      await rm(held, { force: true });
      await writeFile(hold, '');
    },
    release: () => rm(hold, { force: true }),
    async untilHeld(command) {
      const isHeld = async () => {
        if (command.exitCode !== null) throw new Error(`the command ended first: ${(await command).stderr}`);
        return existsSync(held);
      };
      await vi.waitUntil(isHeld, patience);
    },
  };
}
