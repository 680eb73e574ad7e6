import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.js';
import { createHeldDump } from '../support/held-dump.js';
import { createWorkplace, type Workplace } from '../support/holdfast.js';

const canary = 'c4nary-"pa ss"-\\word';
let cluster: Cluster;
let place: Workplace;

beforeAll(async () => {
  cluster = await startCluster({ password: canary });
  place = await createWorkplace(cluster.env);
  await cluster.createDatabase('searchable_name');
  await cluster.psql('CREATE TABLE t AS SELECT generate_series(1, 200000) AS i', 'searchable_name');
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

test('a password is in no command line, file, history or output, whether the backup succeeds or fails', async () => {
  const dump = await createHeldDump(cluster, place.folder);
  const env = { PG_BIN_DIR: dump.binDir, STALL_TIMEOUT_SECONDS: '600' };
  const commandLines = sampleCommandLines();
  await dump.hold();
  const good = place.start(['-v', 'backup', 'searchable_name'], env);
  await dump.untilHeld(good);
  commandLines.take();
  await dump.release();
  const outputs = [await good];
  expect(outputs[0]).toMatchObject({ exitCode: 0 });

  await cluster.psql(`ALTER ROLE postgres PASSWORD 'another'`);
  outputs.push(await place.start(['-v', 'backup', 'searchable_name'], env));
  expect(outputs[1]).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('password') });
  outputs.push(
    await place.start(['config', 'show'], env),
    await place.start(['--json', 'config', 'show'], env),
  );
  commandLines.stop();

  expect(commandLines.seen()).toContain('--format=plain');
  const texts = new Map([['command lines', commandLines.seen()]]);
  for (const { stdout, stderr } of outputs) texts.set(`output ${texts.size}`, `${stdout}${stderr}`);
  for (const [file, text] of await filesBelow(place.folder)) texts.set(file, text);
  // What is searched must be what can be found.
  const history = [...texts].filter(([file]) => file.includes('temporal.db')).map(([, text]) => text);
  expect(history.join('')).toContain('searchable_name');
  for (const [where, text] of texts)
    expect({ where, found: formsOf(canary).filter((form) => text.includes(form)) }).toEqual({
      where,
      found: [],
    });
});

/** As it is, as JSON has it, and as base64 has its middle. */
function formsOf(secret: string): string[] {
  const base64 = [0, 1, 2].map((skip) => Buffer.from(secret).subarray(skip).toString('base64').slice(0, -4));
  return ['c4nary', secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), ...base64];
}

/** Collects the command lines of all processes until it is stopped. */
function sampleCommandLines() {
  const seen = new Set<string>();
  const take = () => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        seen.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
      } catch {
        // It has ended.
      }
    }
  };
  const timer = setInterval(take, 20);
  return { take, stop: () => clearInterval(timer), seen: () => [...seen].join('\n') };
}

async function filesBelow(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(files.map(async (file) => [file, await readOrGone(file)] as const));
  return new Map(texts);
}

/** A server that ends meanwhile takes its write-ahead files along: what was in them is in its database then. */
async function readOrGone(file: string): Promise<string> {
  try {
    return await readFile(file, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
