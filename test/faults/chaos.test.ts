import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RecoveryResult } from '../../src/domain/recovery/contracts.js';
import { type WalCycleResult, walCycleWorkflowId } from '../../src/domain/wal/contracts.js';
import { stopServer } from '../../src/postgres/recovery/postmaster.js';
import { walLayout } from '../../src/repository/local/wal/wal-layout.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { createWorkplace, type Workplace } from '../support/holdfast.js';
import { committedBy, startPgbench, type TransactionEnd, transactionEnds } from '../support/pgbench.js';
import { seededRandom } from '../support/seeded-random.js';
import { giveToServer } from '../support/template-data-dir.js';
import { startTemporal, type TemporalServer } from '../support/temporal.js';
import { Mortals, type Victim } from './support/chaos.js';

/** `HOLDFAST_TEST_CHAOS=5` for five times as many cycles, kills and recoveries. */
const times = Number(process.env.HOLDFAST_TEST_CHAOS ?? 1);
const cycles = 10 * times;
const instants = 10 * times;
const load = { rate: 100, clients: 4 };
const patience = { timeout: 600_000 * times };

const workflowId = walCycleWorkflowId('default');
const random = seededRandom('chaos');
let cluster: Cluster;
let temporal: TemporalServer;
let place: Workplace;
let backupDir: string;
/** Belongs to the server's account. */
let folders: string;

beforeAll(async () => {
  cluster = await startCluster({
    initdbArgs: ['--wal-segsize=1'],
    settings: { wal_level: 'replica', archive_mode: 'on', max_wal_senders: '5', wal_keep_size: '4GB' },
  });
  temporal = await startTemporal();
  backupDir = join(dirname(cluster.dataDir), 'backups');
  folders = join(dirname(cluster.dataDir), 'recovered');
  await mkdir(folders);
  await giveToServer(folders);
  place = await createWorkplace({
    ...{ ...cluster.env, ...temporal.env, PG_BIN_DIR: cluster.binDir, BACKUP_DIR: backupDir },
    HOLDFAST_HOST: `chaos-${process.pid}`,
  });
  expect(await place.run('wal', 'setup', '--apply')).toMatchObject({ exitCode: 0 });
});

afterAll(async () => {
  for (const name of await readdir(folders)) await stopServer(join(folders, name));
  await place[Symbol.asyncDispose]();
  await temporal[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

test(
  `${cycles} cycles with base backups while worker and Temporal are killed: each of ${instants} instants has exactly its rows`,
  patience,
  async () => {
    const mortals = new Mortals(place, temporal);
    await mortals.ready();
    const pgbench = await startPgbench(cluster, load);
    const { window, cycleMs } = await firstCycle();
    for (const [number, victim] of victims().entries()) {
      // What was committed up to here, the last of these cycles has in the archive.
      if (number === cycles - 2) window.toUs = await now();
      const { runId } = await cycleWorkflow();
      const [afterMs, awayMs] = [random.between(0, cycleMs), random.between(0, 2000)];
      const killing = mortals.killDuring(victim, { workflowId, runId, afterMs, awayMs });
      await cycle(number % 10 === 4 ? ['--base'] : []);
      await killing;
    }
    await pgbench.stop();
    expect(mortals.hits, 'kills while a cycle ran').toBeGreaterThan(0);
    await mortals.ready();
    await archiveIsSound();

    const ends = await transactionEnds(cluster);
    const lived = (await cluster.psql('SELECT xmin FROM pgbench_history')).split('\n');
    const targets = Array.from({ length: instants }, () => instantIn(window));
    // Two at a time: a recovery mostly waits.
    const [left, right] = [targets.slice(0, instants / 2), targets.slice(instants / 2)];
    await Promise.all([left, right].map((some) => recoverEach(some, { ends, lived })));
  },
);

interface Window {
  fromUs: bigint;
  toUs: bigint;
}

/** The server's clock, microseconds since 1970. */
async function now(): Promise<bigint> {
  return BigInt(await cluster.psql('SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint'));
}

/** Undisturbed: the one by which it is known how long one takes, and that makes the first base backup. */
async function firstCycle(): Promise<{ window: Window; cycleMs: number }> {
  const { base } = await cycle([]);
  expect(base?.because).toBe('there is none');
  const { startTime, closeTime } = await cycleWorkflow();
  const cycleMs = (closeTime?.getTime() ?? 0) - startTime.getTime();
  return { window: { fromUs: await now(), toUs: 0n }, cycleMs };
}

/** Of the newest cycle. */
function cycleWorkflow() {
  return temporal.client.workflow.getHandle(workflowId).describe();
}

/** Whom each cycle but the first loses: mostly somebody. */
function victims(): Victim[] {
  const all: Victim[] = [];
  for (let ten = 0; ten < times; ten++) {
    const some = { worker: 4, Temporal: 3, nobody: ten === 0 ? 2 : 3 };
    for (const [victim, count] of Object.entries(some) as [Victim, number][])
      all.push(...Array<Victim>(count).fill(victim));
  }
  return random.shuffle(all);
}

/** A cycle that goes well: one that could not be begun is asked for again, as the next hour does. */
async function cycle(options: string[]): Promise<WalCycleResult> {
  const deadline = performance.now() + 300_000;
  for (;;) {
    const { exitCode, stdout, stderr } = await place.run('--json', 'wal', ...options);
    if (exitCode === 0) return JSON.parse(stdout) as WalCycleResult;
    expect(performance.now(), stderr).toBeLessThan(deadline);
    await delay(1000);
  }
}

/** The archive is whole, and nothing half done is left of whoever was killed. */
async function archiveIsSound(): Promise<void> {
  const { clusters } = await place.json<{
    clusters: { window: { gaps: unknown[] }; baseBackups: unknown[]; broken: unknown[] }[];
  }>('info');
  expect(clusters).toMatchObject([{ window: { gaps: [] }, broken: [] }]);
  expect(clusters[0]?.baseBackups.length).toBeGreaterThanOrEqual(2);
  const { wal, incremental } = walLayout(backupDir);
  for (const folder of [wal, incremental])
    expect((await readdir(folder)).filter((name) => name.startsWith('.partial-'))).toEqual([]);
}

/** What the server in production knows. */
interface Lived {
  ends: TransactionEnd[];
  /** Transactions of the rows that it has in the end; none is ever removed. */
  lived: string[];
}

/** To the microsecond, anywhere in the window. */
function instantIn({ fromUs, toUs }: Window): bigint {
  return BigInt(Math.floor(random.between(Number(fromUs), Number(toUs))));
}

async function recoverEach(targets: bigint[], { ends, lived }: Lived): Promise<void> {
  for (const atUs of targets) {
    const dataDir = join(folders, String(atUs));
    const result = await place.json<RecoveryResult>(
      ...['restore', '--target-time', asTime(atUs), '--target-action', 'pause', '--data-dir', dataDir],
    );
    const ask = async (sql: string) => {
      const { socketDir = '', port = 0, role = '' } = result.server ?? {};
      const args = ['-XAtq', '-h', socketDir, '-p', String(port), '-U', role, '-d', 'postgres'];
      return (await execa(join(cluster.binDir, 'psql'), [...args, '-c', sql])).stdout;
    };
    const there = (await ask('SELECT xmin FROM pgbench_history')).split('\n').sort();
    const committed = committedBy(ends, atUs);
    const expected = lived.filter((xid) => committed.has(xid)).sort();
    expect(there, asTime(atUs)).toEqual(expected);
    // Of each transaction all four tables, or none.
    const sums =
      'SELECT sum(abalance) FROM pgbench_accounts), (SELECT sum(tbalance) FROM pgbench_tellers), (SELECT sum(bbalance) FROM pgbench_branches), (SELECT sum(delta) FROM pgbench_history';
    expect(new Set((await ask(`SELECT (${sums})`)).split('|')).size, asTime(atUs)).toBe(1);
    await stopServer(dataDir);
  }
}

/** With its offset, to the microsecond. */
function asTime(us: bigint): string {
  const fraction = String(us % 1_000_000n).padStart(6, '0');
  return `${new Date(Number(us / 1000n)).toISOString().slice(0, 19)}.${fraction}+00:00`;
}
