import type { Logger } from '../../log.js';
import type { DrainOptions } from '../../monitoring/drain-outboxes.js';

/** What becomes of alerts between looks, in the worker's own log. */
export function deliveryLog(log: Logger): Pick<DrainOptions, 'onDelivery' | 'onError'> {
  return {
    onDelivery: ({ cluster, delivered, waiting, problems }) => {
      if (delivered > 0)
        log.info({ cluster, delivered, waiting }, `delivered ${delivered} alerts that waited`);
      for (const problem of problems) log.warn({ cluster, waiting }, problem);
    },
    onError: (cluster, error) => log.warn({ cluster, err: error }, 'the outbox could not be looked into'),
  };
}
