import { symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { partialName } from '../../src/domain/backup/names.js';
import { expireBackups } from '../../src/repository/expire-backups.js';
import { bundleChild, type Child } from './support/child.js';
import { publishSample, sha256 } from './support/publication.js';
import { scratchRepository } from './support/scratch.js';
import { storedSha256 } from './support/stored.js';

let child: Child;
beforeAll(async () => {
  child = await bundleChild();
});
afterAll(() => child.remove());

const lease = { workflowId: 'restore/default/shop', runId: 'run-9', validMs: 3_600_000 };
const leaseName = partialName(lease.runId, 0, '.lease.json');

/** A repository with an old backup and a newer one. */
async function withOldBackup() {
  const scratch = await scratchRepository();
  const backupId = await publishSample(scratch.repository, {
    timestamp: '20250101_000000',
    globals: 'roles',
  });
  const newer = await publishSample(scratch.repository, { timestamp: '20250301_120000' });
  /** The lease's file, as another host would have written it. */
  const writeLease = (text: string) => writeFileSync(join(scratch.full, leaseName), text);
  return { ...scratch, backupId, newer, writeLease };
}

const leaseText = (backup: string) =>
  JSON.stringify({ backup, workflow_id: lease.workflowId, run_id: lease.runId, valid_seconds: 3600 });

const retention = { retentionDays: 1, keepLast: 1, now: new Date('2025-03-02T00:00:00Z') };

test('X2: retention keeps what a restore reads, says so, and removes it afterwards', async () => {
  const { repository, backupId, newer } = await withOldBackup();
  await repository.lease({ ...lease, backupId });
  for (const dryRun of [true, false]) {
    const { keep, expire } = await expireBackups(repository, { ...retention, dryRun });
    expect(expire).toEqual([]);
    const because = expect.stringMatching(/^restore\/default\/shop reads it \(lease until 20/);
    expect(keep).toContainEqual({ id: backupId, because });
  }
  expect((await repository.list()).backups.map(({ id }) => id)).toEqual([newer, backupId]);
  await repository.removePartials(lease.runId);
  expect((await expireBackups(repository, retention)).expire).toMatchObject([{ id: backupId }]);
});

test('X2: of removals and a reader at the same moment never both win: the backup is whole or gone', async () => {
  const { repository } = await withOldBackup();
  for (let round = 0; round < 100; round++) {
    const timestamp = `20240101_0${Math.floor(round / 50)}${String(round % 50).padStart(2, '0')}00`;
    const backupId = await publishSample(repository, { timestamp });
    // To write a lease takes longer than to begin a removal.
    const remove = async () => {
      await delay(Math.random() * 8);
      return repository.remove(backupId);
    };
    const read = () => repository.lease({ ...lease, backupId });
    const [first, second, reading] = await Promise.allSettled([remove(), remove(), read()]);
    const { backups, broken } = await repository.list();
    const isThere = backups.some(({ id }) => id === backupId);
    expect(broken).toEqual([]);
    if (isThere) expect(await storedSha256(repository, backupId)).toBe(sha256('a dump'));
    if (reading.status === 'fulfilled') expect(isThere, `round ${round}`).toBe(true);
    else expect(reading.reason).toMatchObject({ type: 'BackupNotFound' });
    for (const removal of [first, second]) {
      if (removal.status === 'rejected') expect(removal.reason).toMatchObject({ type: 'BackupInUse' });
    }
    await repository.removePartials(lease.runId);
  }
});

/** A removal that died, when a reader had written its lease after the removal's first look and before its second. */
async function killedBetween(point: string) {
  const scratch = await withOldBackup();
  const order = { verb: 'remove', root: scratch.repository.root, id: scratch.backupId } as const;
  const { signal } = await child.run(order, { env: { HOLDFAST_FAILPOINT: point } });
  expect(signal).toBe('SIGKILL');
  scratch.writeLease(leaseText(scratch.backupId));
  return scratch;
}

test('X2: what a removal has unlisted and somebody reads is listed again by the next cleanup', async () => {
  const { repository, backupId, newer } = await killedBetween('remove:after-unlisting');
  expect(await repository.removeAbandonedPartials(new Date(0))).toEqual([]);
  const { backups, broken } = await repository.list();
  expect({ ids: backups.map(({ id }) => id), broken }).toEqual({ ids: [newer, backupId], broken: [] });
  expect(await storedSha256(repository, backupId)).toBe(sha256('a dump'));
  await expect(repository.remove(backupId)).rejects.toMatchObject({ type: 'BackupInUse' });
});

test('X2: the same removal, tried again, finds the reader and lists the backup again', async () => {
  const { repository, backupId } = await killedBetween('remove:after-unlisting');
  await expect(repository.remove(backupId)).rejects.toMatchObject({ type: 'BackupInUse' });
  expect((await repository.find(backupId)).globalsPath).not.toBeNull();
});

test('a removal that has decided is finished whoever comes after it', async () => {
  const { repository, backupId, files } = await killedBetween('remove:after-decision');
  await expect(repository.lease({ ...lease, backupId })).rejects.toMatchObject({ type: 'BackupNotFound' });
  await repository.removeAbandonedPartials(new Date(0));
  expect(files().filter((name) => name.includes('20250101'))).toEqual([]);
});

test.each([
  ['written longer ago than it is valid', -2 * 3_600_000],
  ['by a clock that ran a year ahead', 365 * 24 * 3_600_000],
])('a lease %s keeps nothing', async (_, offsetMs) => {
  const { repository, full, backupId, writeLease } = await withOldBackup();
  writeLease(leaseText(backupId));
  expect(await repository.leases()).toHaveLength(1);
  const at = new Date(Date.now() + offsetMs);
  utimesSync(join(full, leaseName), at, at);
  expect(await repository.leases()).toEqual([]);
  expect(await repository.remove(backupId)).toBe(true);
});

test.each(['', 'no JSON', '{}', '{"backup": 1}'])(
  'while there is a lease %j that can’t be understood nothing is removed, for a day',
  async (text) => {
    const { repository, full, backupId, writeLease } = await withOldBackup();
    writeLease(text);
    const path = join(full, leaseName);
    const refused = { type: 'BackupInUse', message: expect.stringContaining(path) };
    await expect(expireBackups(repository, retention)).rejects.toMatchObject(refused);
    await expect(repository.remove(backupId)).rejects.toMatchObject(refused);
    const yesterday = new Date(Date.now() - 25 * 3_600_000);
    utimesSync(path, yesterday, yesterday);
    expect(await repository.remove(backupId)).toBe(true);
  },
);

test('a symbolic link in place of a lease is refused', async () => {
  const { repository, full, backupId } = await withOldBackup();
  symlinkSync('/etc/hostname', join(full, leaseName));
  await expect(repository.remove(backupId)).rejects.toMatchObject({ type: 'SymbolicLinkRefused' });
});
