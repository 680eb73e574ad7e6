import { setCurrentDetails } from '@temporalio/workflow';
import type {
  BackUpClusterInput,
  BackUpClusterResult,
  CarriedBackups,
  ClusterBackupEntry,
  ClusterBackupStatus,
} from '../../src/domain/backup/cluster-contracts.js';
import { describeBackups } from './telling.js';

/** Entries of a result: the rest is in the report, so that a payload stays under 64 KiB. */
const entriesTold = 200;
const charactersTold = 45_000;

/** What a cluster's backup has done so far, through all of its runs, and what it shows of itself. */
export class ClusterBackupJournal {
  readonly carried: CarriedBackups;
  unrecorded: ClusterBackupEntry[] = [];
  total = 0;
  readonly #running = new Set<string>();

  constructor(
    private readonly input: BackUpClusterInput,
    first: { runId: string; startedAt: string },
  ) {
    this.carried = input.carried ?? {
      ...{ ...first, after: null, done: 0, failed: 0, sizeBytes: 0, entries: [], reportPath: null },
    };
  }

  get status(): ClusterBackupStatus {
    const { done, failed } = this.carried;
    return { total: this.total, done, failed, running: [...this.#running] };
  }

  get result(): Omit<BackUpClusterResult, 'leftOut' | 'leftOutCount'> {
    const { failed, sizeBytes, entries, reportPath } = this.carried;
    return { total: this.total, failed, sizeBytes, entries, reportPath };
  }

  /** So many databases are left. */
  expect(left: number): void {
    this.total = this.carried.done + left;
    this.#show();
  }

  begin(database: string): void {
    const { after } = this.carried;
    if (after === null || database > after) this.carried.after = database;
    this.#running.add(database);
    this.#show();
  }

  end(entry: ClusterBackupEntry): void {
    const { carried } = this;
    this.#running.delete(entry.database);
    carried.done += 1;
    if (entry.error) carried.failed += 1;
    carried.sizeBytes += entry.sizeBytes ?? 0;
    this.unrecorded.push(entry);
    carried.entries = fitting([...carried.entries, entry]);
    this.#show();
  }

  takeUnrecorded(): ClusterBackupEntry[] {
    const entries = this.unrecorded;
    this.unrecorded = [];
    return entries;
  }

  #show(): void {
    setCurrentDetails(describeBackups(this.input, this.status, this.carried));
  }
}

/** As many as a message holds, those that failed before the rest. */
function fitting(entries: ClusterBackupEntry[]): ClusterBackupEntry[] {
  const isTooMany = entries.length > entriesTold || JSON.stringify(entries).length > charactersTold;
  if (!isTooMany) return entries;
  const good = entries.findLastIndex(({ error }) => !error);
  const out = good >= 0 ? good : entries.length - 1;
  return entries.filter((_, index) => index !== out);
}
