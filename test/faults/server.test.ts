import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { postgresBinDir } from '../support/postgresql-binaries.js';
import { isPartial } from './invariants.js';
import { flipBit } from './support/flip-bit.js';
import { historyLeaves } from './support/histories.js';
import { canary, database, patience, patiently } from './support/scene.js';
import { openStage, type Stage, slow } from './support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ initdbArgs: ['--data-checksums'] });
});
afterAll(() => stage[Symbol.asyncDispose]());

/** A server that is away is waited for two and a half minutes. */
const awayPatience = { timeout: 2 * patience.timeout };

test(
  'G2: a server stopped mid-dump is waited for, and in the end told with exit code 3',
  awayPatience,
  async () => {
    await using scene = await stage.open();
    scene.wire.bytesPerSecond = slow;
    const command = scene.backUp();
    await scene.untilDumping();
    await stage.cluster.stop('immediate');
    await scene.wire.cut();
    const end = await command.end;
    expect(end.stderr).toContain('attempt 2, since:');
    expect((await scene.files()).filter(isPartial)).toEqual([]);

    await stage.cluster.start();
    await scene.wire.mend();
    scene.wire.bytesPerSecond = Infinity;
    await scene.invariants.hold(end, {
      exitCode: 3,
      cause: new RegExp(`ECONNREFUSED 127.0.0.1:${scene.wire.port}`),
    });
  },
);

test(
  'a server that stops as soon as the dump has ended costs the backup its roles, not the dump',
  patience,
  async () => {
    await using scene = await stage.open();
    scene.wire.bytesPerSecond = slow;
    const command = scene.backUp();
    await scene.untilDumping();
    // Smart: who is connected stays until the end, and nobody else comes in.
    const stopped = stage.cluster.stop('smart');
    scene.wire.bytesPerSecond = Infinity;
    await stopped;
    const end = await command.end;
    await stage.cluster.start();
    expect(end.stderr).not.toContain('dumping: attempt');
    expect(end.stderr).toContain('roles and tablespaces are not in it: ');
    await scene.invariants.hold(end, 'success');
  },
);

test(
  'G4: a table locked by another session: lock timeout, tried again until it is free',
  patience,
  async () => {
    await using scene = await stage.open();
    const holder = new pg.Client({
      host: stage.cluster.socketDir,
      port: stage.cluster.port,
      user: 'postgres',
      password: canary,
      database,
    });
    await holder.connect();
    try {
      await holder.query('BEGIN; LOCK TABLE trades IN ACCESS EXCLUSIVE MODE');
      const command = scene.backUp({ STALL_TIMEOUT_SECONDS: '4' });
      await expect
        .poll(() => command.printed(), patiently)
        .toMatch(/attempt 2, since: .*LOCK TABLE public\.trades/);
      await holder.query('ROLLBACK');
      await scene.invariants.hold(await command.end, 'success');
    } finally {
      await holder.end();
    }
  },
);

test(
  'G3: row-level security and a role that must obey it: no dump rather than a part of one',
  patience,
  async () => {
    await using scene = await stage.open();
    await stage.cluster.psql(
      `CREATE ROLE clerk LOGIN PASSWORD '${canary}' IN ROLE pg_read_all_data;
     ALTER TABLE trades ENABLE ROW LEVEL SECURITY;
     CREATE POLICY few ON trades USING (id < 10)`,
      database,
    );
    const end = await scene.backUp({ PGUSER: 'clerk' }).end;
    expect((await scene.files()).filter(isPartial)).toEqual([]);
    expect(end.stderr).not.toContain('attempt 2');
    expect(end.stderr).toContain('BYPASSRLS');
    await scene.invariants.hold(end, { exitCode: 4, cause: /row-level security policy for table "trades"/ });
  },
);

test('G1: client programs older than the server are refused before any dump', patience, async () => {
  await using newer = await openStage({ version: 16 });
  await using scene = await newer.open();
  const steps = async (type: string) => {
    const history = await historyLeaves(scene.temporal);
    return history.filter(({ value }) => value.equals(Buffer.from(type))).length;
  };
  const [looks, dumps] = [await steps('inspectDatabase'), await steps('dumpDatabase')];
  const end = await scene.backUp({ PG_BIN_DIR: await postgresBinDir(15) }).end;
  expect(await steps('inspectDatabase')).toBeGreaterThan(looks);
  expect(await steps('dumpDatabase')).toBe(dumps);
  await scene.invariants.hold(end, {
    exitCode: 2,
    cause: /PostgreSQL 16: the newest pg_dump .* is 15\..*older than the server/,
  });
});

test('G5: a flipped bit in a heap page ends the backup, and the older ones are kept', patience, async () => {
  await using scene = await stage.open();
  const { cluster } = stage;
  const file = await cluster.psql("SELECT pg_relation_filepath('trades')", database);
  await cluster.stop();
  await flipBit(cluster, file);
  await cluster.start();
  const end = await scene.backUp().end;
  expect((await scene.files()).filter(isPartial)).toEqual([]);
  expect(end.stderr).toContain('keep the older backups');
  await flipBit(cluster, file);
  await scene.invariants.hold(end, { exitCode: 4, cause: /invalid page in block 5 of relation/ });
});
