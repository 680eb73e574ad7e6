import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Order } from './children/act.js';
import { bundleChild, type Child } from './support/child.js';
import { scratchFolder } from './support/scratch.js';
import { ownMounts, whyNoMounts } from './support/tracing.js';

let child: Child;
beforeAll(async () => {
  child = await bundleChild();
});
afterAll(() => child.remove());

const reason = whyNoMounts();
const title = reason === undefined ? '' : ` (skipped: ${reason})`;

/** Runs an order on a disk of 1 MiB, and lists what is left in the folder of full backups. */
async function onSmallDisk(order: Omit<Order, 'root'>) {
  const disk = join(scratchFolder(), 'disk');
  mkdirSync(disk);
  const script = 'mount -t tmpfs -o size=1m tmpfs "$0" && "$@" && ls -A "$0/repository/full" >&2';
  const wrapper = [...ownMounts, 'sh', '-c', script, disk];
  return child.run({ ...order, root: join(disk, 'repository') }, { wrapper });
}

describe.skipIf(reason !== undefined)(`a disk of 1 MiB${title}`, () => {
  test('D1: fills while a dump is written: the bytes needed and free are named, the partial file is gone', async () => {
    const outcome = await onSmallDisk({ verb: 'fill' });
    expect(outcome).toMatchObject({ type: 'NotEnoughSpace', exitCode: 4, retryable: false, stderr: '' });
    expect(outcome.message).toMatch(
      /ENOSPC.*5000000 bytes \(4\.8M\) needed, \d+ bytes \(.*\) free in .*full/,
    );
  });

  test('D2: fills at the metadata: no backup is visible and no draft stays', async () => {
    const sample = { tables: 10_000, runId: 'run-1' };
    const outcome = await onSmallDisk({ verb: 'back-up', sample, artifactBytes: 900_000 });
    expect(outcome).toMatchObject({ type: 'NotEnoughSpace', listed: [], broken: [] });
    expect(outcome.message).toMatch(/\.meta.*\d{6} bytes \(.*K\) needed/);
    expect(outcome.stderr).toBe('.partial-run-1-1.sql.gz');
  });

  test('fills at a small file: nothing of it stays', async () => {
    const sample = { globals: 'x'.repeat(100_000), runId: 'run-1' };
    const outcome = await onSmallDisk({ verb: 'back-up', sample, artifactBytes: 1_000_000 });
    expect(outcome).toMatchObject({ type: 'NotEnoughSpace', listed: [], stderr: '.partial-run-1-1.sql.gz' });
  });

  test('a backup that fits is published there', async () => {
    const outcome = await onSmallDisk({ verb: 'back-up', artifactBytes: 900_000 });
    expect(outcome).toMatchObject({ listed: ['shop_full_20250301_120000'] });
  });
});
