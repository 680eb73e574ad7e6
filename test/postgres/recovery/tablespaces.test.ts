import { readdirSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stopServer } from '../../../src/postgres/recovery/postmaster.js';
import { ask, openRecoveryScene } from '../../support/recovery.js';
import { giveToServer } from '../../support/template-data-dir.js';

const atTheEnd = { action: 'promote' } as const;

test.each([14, 18] as const)(
  'PostgreSQL %i: replay writes nothing into the folder of a tablespace that a live server has made since',
  async (version) => {
    await using scene = await openRecoveryScene({ version });
    const { cluster } = scene;
    const space = join(cluster.dataDir, '..', 'space');
    await mkdir(space);
    await giveToServer(space);
    const files = () =>
      readdirSync(space, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name)).toString('base64')]);
    await cluster.psql(`CREATE TABLESPACE fast LOCATION '${space}'`);
    await cluster.psql('CREATE TABLE there TABLESPACE fast AS SELECT generate_series(1, 1000) AS n');
    await scene.archive();
    await cluster.psql('UPDATE there SET n = n + 1');
    await cluster.psql('CHECKPOINT');
    const before = files();
    expect(before.length).toBeGreaterThan(0);

    const dataDir = await scene.unpack();
    const recovered = scene.recover({ kind: 'latest' }, { ...atTheEnd, dataDir });
    await expect(recovered).rejects.toMatchObject({
      type: 'RecoveryFailed',
      message: expect.stringContaining(`was made in ${space} after the base backup`),
      remedy: expect.stringContaining('holdfast wal --base'),
    });
    expect(files()).toEqual(before);
    expect(readdirSync(join(dataDir, 'pg_tblspc'))).toEqual([]);

    // Dropped since: what is refused leaves nothing there; where it is allowed, replay makes it again.
    await cluster.psql('DROP TABLE there');
    await cluster.psql('DROP TABLESPACE fast');
    await expect(scene.recover({ kind: 'latest' }, atTheEnd)).rejects.toMatchObject({
      type: 'RecoveryFailed',
    });
    expect(readdirSync(space)).toEqual([]);
    const { server, ...allowed } = await scene.recover(
      { kind: 'latest' },
      { ...atTheEnd, makeTablespaces: true },
    );
    try {
      expect(await ask(scene, server, 'SELECT sum(n) FROM there')).toBe('500500');
    } finally {
      await stopServer(allowed.dataDir);
    }
  },
);
