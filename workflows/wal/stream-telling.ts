import type {
  StreamHealth,
  WalStreamInput,
  WalStreamStatus,
  WalStreamStep,
} from '../../src/domain/wal/stream-contracts.js';
import type { Untimed } from '../alerts.js';
import { detailsOf, markdownSafe } from '../details.js';

const steps: WalStreamStep[] = ['prepare', 'stream', 'stopped'];

/** The run's current details in Temporal's Web UI: how far the stream is, and what is wrong. */
export function describeStream(input: WalStreamInput, since: string, status: WalStreamStatus): string {
  const { slot, state, flushedLsn, lagBytes, lagSeconds, failure } = status;
  const figures: [string, string | undefined][] = [
    ['cluster', `\`${markdownSafe(input.cluster)}\``],
    ['asked by', markdownSafe(input.requester)],
    ['since', since],
    ['slot', slot],
    ['state', state],
    ['received to', flushedLsn ?? undefined],
    ['behind by', lagBytes === undefined ? undefined : `${lagBytes} bytes, ${lagSeconds ?? 0} s`],
    ['last failure', failure === undefined ? undefined : markdownSafe(failure)],
  ];
  return detailsOf(steps, status.step, figures);
}

/** An alert of a stream. */
export function streamAlert(
  cluster: string,
  priority: Untimed['priority'],
  message: string,
  { lagBytes, lagSeconds }: WalStreamStatus,
): Untimed {
  const metrics = {
    ...(lagBytes !== undefined && { lag_bytes: lagBytes }),
    ...(lagSeconds !== undefined && { lag_seconds: lagSeconds }),
  };
  return { type: 'wal_stream', priority, message, cluster, database: '', metrics };
}

/** How grave a state is that a stream got into. */
export function priorityOf(state: StreamHealth['state']): Untimed['priority'] {
  if (state === 'fine') return 'info';
  return state === 'failing' ? 'critical' : 'high';
}
