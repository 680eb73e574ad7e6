import type { ClusterConfig } from '../../config/config.js';
import { HoldfastError } from '../../domain/errors.js';
import { bytes } from '../../domain/sizes.js';
import { slotName } from '../../domain/wal/replication-slot.js';
import { type WalStreamResult, walStreamWorkflowId } from '../../domain/wal/stream-contracts.js';
import { dropSlot } from '../../postgres/streaming/slot.js';
import { streamTag } from '../../postgres/streaming/stream-tag.js';
import { errorOfWorkflow } from '../../temporal/failure.js';
import { openRunning } from '../approval/running.js';
import type { CommandContext } from '../context.js';
import { printable } from '../output/format.js';

/** Ends a stream and waits until it has ended; undefined where none runs. */
export async function endStream(
  context: CommandContext,
  { name }: ClusterConfig,
): Promise<WalStreamResult | undefined> {
  const attempted = `stop streaming the WAL of cluster "${name}"`;
  const running = await openRunning(context, walStreamWorkflowId(name), attempted, name).catch(
    (error: unknown) => {
      // There has never been one.
      if (error instanceof HoldfastError && error.type === 'GeneralError') return undefined;
      throw error;
    },
  );
  if (!running) return undefined;
  const { session, handle, isOpen } = running;
  try {
    if (!isOpen) return undefined;
    await handle.cancel();
    return (await Promise.race([handle.result(), session.workerFailed])) as WalStreamResult;
  } catch (error) {
    throw errorOfWorkflow(error, attempted);
  } finally {
    await session.close();
  }
}

/** Removes the slot, so that the server keeps no WAL for it any more; tells what it kept. */
export async function removeSlot({ output }: CommandContext, cluster: ClusterConfig): Promise<void> {
  const name = slotName(cluster.name, cluster.host);
  const dropped = await dropSlot(cluster.connection, name, streamTag(cluster));
  if (!dropped) return output.note(`there is no replication slot ${name}`);
  output.success(`dropped replication slot ${name}, for which ${bytes(dropped.keptBytes)} of WAL were kept`);
}

/** @throws HoldfastError saying that nothing is to be stopped */
export function nothingStreams({ name }: ClusterConfig): HoldfastError {
  return new HoldfastError('GeneralError', {
    attempted: `stop streaming the WAL of cluster "${printable(name)}"`,
    cause: 'nobody streams it',
    remedy: '`holdfast wal stream` begins to; with --drop-slot the replication slot is removed all the same',
  });
}
