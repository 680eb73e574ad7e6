import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import type { RecoveryTarget } from '../../../src/domain/recovery/target.js';
import { runningPostmaster, stopServer } from '../../../src/postgres/recovery/postmaster.js';
import { promoteRecovered } from '../../../src/postgres/recovery/promote.js';
import { postgresVersions } from '../../support/postgresql-binaries.js';
import { ask, marksIn, openRecoveryScene } from '../../support/recovery.js';

describe.each(postgresVersions)('PostgreSQL %i', (version) => {
  test('recovery to a time, a position, a transaction and a named point finds exactly the rows of then', async () => {
    await using scene = await openRecoveryScene({ version });
    const { cluster, walFolder } = scene;
    const mark = (n: number) => cluster.psql(`INSERT INTO marks VALUES (${n})`);
    await mark(1);
    const lsn = await cluster.psql('SELECT pg_current_wal_lsn()');
    await mark(2);
    const xid = await cluster.psql('INSERT INTO marks VALUES (3) RETURNING pg_current_xact_id()');
    await mark(4);
    await cluster.psql(`SELECT pg_create_restore_point('before the mistake')`);
    await mark(5);
    await delay(20);
    const time = await cluster.psql(`SELECT to_char(now(), 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+00:00'`);
    await delay(20);
    await mark(6);
    await scene.archive();
    const archived = await readdir(walFolder);

    const byVersion: [RecoveryTarget, number[], RegExp][] = [
      [{ kind: 'time', time }, [1, 2, 3, 4, 5], /^before commit of transaction \d+, time /],
      [{ kind: 'lsn', lsn }, [1], /WAL location \(LSN\)/],
      [{ kind: 'xid', xid }, [1, 2, 3], new RegExp(`^after commit of transaction ${xid}, `)],
      [{ kind: 'name', name: 'before the mistake' }, [1, 2, 3, 4], /^at restore point "before the mistake"/],
    ];
    const once: typeof byVersion = [
      [{ kind: 'xid', xid, inclusive: false }, [1, 2], new RegExp(`^before commit of transaction ${xid}, `)],
      [{ kind: 'immediate' }, [], /^after reaching consistency/],
    ];
    const cases = version === 15 ? [...byVersion, ...once] : byVersion;
    for (const [target, marks, reason] of cases) {
      const onProgress = vi.fn();
      const recovered = await scene.recover(target, { onProgress });
      expect(await marksIn(scene, recovered), JSON.stringify(target)).toEqual(marks);
      expect(recovered.stopReason).toMatch(reason);
      expect(recovered.control).toMatchObject({ state: 'in archive recovery', timeline: 1 });
      expect(onProgress.mock.lastCall?.[0]).toMatchObject({ isConsistent: true });
      await stopServer(recovered.dataDir);
    }
    expect(await readdir(walFolder), 'no trial archives').toEqual(archived);
  });
});

test.each([14, 18] as const)(
  'PostgreSQL %i: a promoted cluster is writable on a timeline of its own, and keeps nothing of the recovery',
  async (version) => {
    await using scene = await openRecoveryScene({ version, settings: { max_connections: '37' } });
    await scene.cluster.psql('INSERT INTO marks VALUES (1)');
    await scene.archive();
    const { dataDir, ...recovered } = await scene.recover({ kind: 'immediate' }, { action: 'promote' });
    expect(recovered).toMatchObject({ timeline: 2, control: { state: 'in production' } });
    await ask(scene, recovered.server, 'INSERT INTO marks VALUES (7)');
    const settings = await readFile(join(dataDir, 'postgresql.auto.conf'), 'utf8');
    expect(settings).not.toMatch(/recovery_target|restore_command/);
    const names = await readdir(dataDir);
    // Only whose it is, until the run is done with it.
    expect(names.filter((name) => /^(recovery|holdfast)/.test(name))).toEqual(['holdfast_recovering']);
    const marksForArchive = await readdir(join(dataDir, 'pg_wal', 'archive_status'));
    expect(marksForArchive).toContain('00000002.history.ready');
    expect(await stopServer(dataDir)).toBe(true);
    expect(await runningPostmaster(dataDir)).toBeUndefined();

    const waiting = await scene.recover({ kind: 'immediate' });
    const { account } = scene;
    const role = 'postgres';
    expect(await promoteRecovered({ dataDir: waiting.dataDir, account, role })).toBe(2);
    await ask(scene, waiting.server, 'INSERT INTO marks VALUES (8)');
    expect(await readdir(join(waiting.dataDir, 'pg_wal', 'archive_status'))).toContain(
      '00000002.history.ready',
    );

    const shut = await scene.recover({ kind: 'immediate' }, { action: 'shutdown' });
    expect(shut).toMatchObject({ server: undefined, control: { state: 'shut down in recovery' } });
    const { uid, mode } = await lstat(join(shut.dataDir, 'base'));
    expect([uid, mode & 0o777]).toEqual([scene.account?.uid ?? process.getuid?.(), 0o700]);
    expect((await lstat(join(shut.dataDir, 'PG_VERSION'))).mode & 0o777).toBe(0o600);
  },
);
