import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FullBackupResult } from '../../src/domain/backup/contracts.js';
import { signalProcess } from '../support/signal-process.js';
import { isPartial } from './invariants.js';
import { historyLeaves } from './support/histories.js';
import { oddPgDump } from './support/pg-dump.js';
import { dumpsTo } from './support/processes.js';
import { database, patience } from './support/scene.js';
import { openStage, rows, type Stage, slow } from './support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ settings: { max_locks_per_transaction: '400' } });
});
afterAll(() => stage[Symbol.asyncDispose]());

test(
  'P2: a pg_dump killed mid-dump is never taken for one that ended: it is run again',
  patience,
  async () => {
    await using scene = await stage.open();
    scene.wire.bytesPerSecond = slow;
    const command = scene.start('--json', 'backup', database);
    await scene.untilDumping();
    const [dump] = dumpsTo(scene.wire.port);
    signalProcess(dump?.pid, 'SIGKILL');
    scene.wire.bytesPerSecond = Infinity;
    const end = await command.end;
    expect(end.stderr).toMatch(/attempt 2, since: .*killed by SIGKILL/);
    expect(JSON.parse(end.stdout) as FullBackupResult).toMatchObject({ rows });
    await scene.invariants.hold(end, 'success');
  },
);

test(
  'K3: a pg_dump that exits 0 having written nothing, half, or all but the end is never published',
  patience,
  async () => {
    await using scene = await stage.open();
    const backUpWith = async (script: string) => {
      await using odd = await oddPgDump(stage.cluster, script);
      const end = await scene.backUp(odd.env).end;
      expect((await scene.files()).filter(isPartial)).toEqual([]);
      return end;
    };
    const unproven = { exitCode: 5, cause: /pg_dump ended well, but the end marker is missing/ };
    await scene.invariants.check(await backUpWith('exit 0'), unproven);
    await scene.invariants.check(await backUpWith('real "$@" | head -c 2000000; exit 0'), unproven);
    await scene.invariants.hold(await backUpWith('real "$@" | head -n -3; exit 0'), unproven);
  },
);

test(
  'a server that works for longer than the stall timeout without sending a byte is waited for',
  patience,
  async () => {
    await using scene = await stage.open();
    // As with a table of nothing but dead rows.
    const psql = join(stage.cluster.binDir, 'psql');
    const works = `'${psql}' -Xqc 'SELECT pg_sleep(14)' >&2; real "$@"`;
    await using odd = await oddPgDump(stage.cluster, works);
    const end = await scene.backUp(odd.env).end;
    expect(end.stderr).not.toContain('attempt 2');
    await scene.invariants.hold(end, 'success');
  },
);

test('a database that is dropped while it is dumped is told as one that was there', patience, async () => {
  await using scene = await stage.open();
  await stage.cluster.psql(`CREATE DATABASE gone TEMPLATE "${database}"`, 'postgres');
  // More than lies between the server and pg_dump: what has come whole by then is a backup.
  const much =
    'CREATE TABLE much AS SELECT i, repeat(md5(i::text), 8) AS note FROM generate_series(1, 100000) i';
  await stage.cluster.psql(much, 'gone');
  scene.wire.bytesPerSecond = slow;
  const command = scene.start('backup', 'gone');
  await scene.untilDumping();
  await stage.cluster.psql('DROP DATABASE gone WITH (FORCE)', 'postgres');
  scene.wire.bytesPerSecond = Infinity;
  const end = await command.end;
  expect(end.exitCode).toBe(3);
  expect(end.stderr).toMatch(/✗ dump database "gone": it was there when the backup began, and was dropped/);
  // Told once: the lines of the log are in its file.
  expect(end.stderr.match(/it was there when/g)).toHaveLength(1);
});

const endlessWords =
  'yes "pg_dump: some words about a table that nobody will ever read in full" | head -c 3000000 >&2';

/** What Temporal keeps in one piece: payloads, and messages of failures. */
const largestPiece = 64 * 1024;

test(
  'T5: 20,000 tables and 3 MB on standard error leave small payloads, and an error has the last words',
  patience,
  async () => {
    const many =
      "DO $$BEGIN FOR i IN 1..20000 LOOP EXECUTE format('CREATE TABLE t%s ()', i); END LOOP; END$$";
    await stage.cluster.psql(many, database);
    await using scene = await stage.open();
    await using failing = await oddPgDump(
      stage.cluster,
      `${endlessWords}; real "$@"; echo "pg_dump: error: these were the last words" >&2; exit 1`,
    );
    const end = await scene.backUp(failing.env).end;
    await scene.invariants.hold(end, { exitCode: 4, cause: /these were the last words/ });
    // Those of the next run, too, which succeeded.
    const pieces = await historyLeaves(scene.temporal);
    expect(Math.max(...pieces.map(({ value }) => value.length))).toBeLessThan(largestPiece);
  },
);
