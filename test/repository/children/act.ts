import { randomBytes } from 'node:crypto';
import { partialName } from '../../../src/domain/backup/names.js';
import { HoldfastError } from '../../../src/domain/errors.js';
import { storing } from '../../../src/files/storage-error.js';
import { localRepository } from '../../../src/repository/local/local-repository.js';
import type { Publication } from '../../../src/repository/repository.js';
import { type SampleBackup, writeSample } from '../support/publication.js';

/** What a test has a process of its own do in a repository. */
export interface Order {
  verb: 'prepare' | 'back-up' | 'publish' | 'remove' | 'fill';
  root: string;
  sample?: SampleBackup;
  publication?: Publication;
  /** Bytes of an artifact that are random instead of given. */
  artifactBytes?: number;
  id?: string;
  umask?: number;
}

/** What came of it. */
export interface Outcome {
  type?: string;
  message?: string;
  exitCode?: number;
  retryable?: boolean;
  /** File names in the folder of full backups afterwards, and ids that are listed. */
  listed?: string[];
  broken?: string[];
}

const order = JSON.parse(process.argv[2] ?? '{}') as Order;
const repository = localRepository(order.root, 'default');
if (order.umask !== undefined) process.umask(order.umask);

async function act(): Promise<void> {
  const { sample = {}, publication } = order;
  if (order.artifactBytes !== undefined) sample.content = randomBytes(order.artifactBytes);
  if (order.verb !== 'publish' && order.verb !== 'remove') await repository.prepare();
  if (order.verb === 'back-up') await repository.publish(await writeSample(repository, sample));
  if (order.verb === 'publish' && publication) await repository.publish(publication);
  if (order.verb === 'remove') await repository.remove(order.id ?? '');
  if (order.verb === 'fill') await fill();
}

/** Writes until the disk refuses, as a dump does. */
async function fill(): Promise<void> {
  const file = await repository.createPartial(partialName('run-1', 1, '.sql.gz'));
  const chunk = randomBytes(65_536);
  try {
    for (;;) {
      const context = { attempted: `write ${file.path}`, path: file.path, neededBytes: 5_000_000 };
      await storing(context, () => file.handle.write(chunk));
    }
  } finally {
    await file.close();
    await repository.removePartials('run-1');
  }
}

async function outcome(): Promise<Outcome> {
  try {
    await act();
    return {};
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    const { type, message, exitCode, retryable } = error;
    return { type, message, exitCode, retryable };
  }
}

const result = await outcome();
const listing = await repository.list().catch(() => ({ backups: [], broken: [] }));
const seen = { listed: listing.backups.map(({ id }) => id), broken: listing.broken.map(({ why }) => why) };
process.stdout.write(JSON.stringify({ ...result, ...seen }));
