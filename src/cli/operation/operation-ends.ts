import type { OperationEnd } from '../../domain/operation-end.js';
import type { Logger } from '../../log.js';
import { noteEnd } from '../../monitoring/last-ends.js';
import type { CommandContext } from '../context.js';

/** Remembers how an operation ended, for metrics. What keeps it from that is told, and keeps nothing else. */
export async function remember(
  { config, stateDir }: Pick<CommandContext, 'config' | 'stateDir'>,
  log: Logger,
  end: OperationEnd,
): Promise<void> {
  const cluster = Object.hasOwn(config.clusters, end.cluster) ? config.clusters[end.cluster] : undefined;
  if (!cluster) return;
  try {
    await noteEnd(stateDir, cluster, end);
  } catch (error) {
    log.warn({ err: error }, 'the end of an operation could not be remembered for metrics');
  }
}
