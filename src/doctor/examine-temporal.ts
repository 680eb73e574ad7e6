import type { Config } from '../config/config.js';
import { hostQueue } from '../domain/contracts.js';
import { type Diagnosis, diagnosis, unneeded } from '../domain/doctor/diagnosis.js';
import {
  judgeSchedules,
  judgeSearchAttributes,
  judgeTemporal,
  judgeWorkers,
} from '../domain/doctor/judge-machine.js';
import { scheduleIdPrefix } from '../domain/schedule/contracts.js';
import { type FindTemporalOptions, findRunningTemporal, type TemporalPlace } from '../temporal/connection.js';
import { missingSearchAttributes } from '../temporal/search-attributes.js';
import { hasLivePoller } from '../temporal/task-queues.js';
import { look } from './look.js';

const ofTemporal = ['search attributes', 'workers', 'schedules'] as const;

/** Temporal as it is now: none is started for this. */
export async function examineTemporal(config: Config, options: FindTemporalOptions): Promise<Diagnosis[]> {
  let place: TemporalPlace | undefined;
  const reached = await look('temporal', '', async () => {
    place = await findRunningTemporal(options);
    if (!place) return judgeTemporal(null);
    const { serverVersion = '' } = await place.connection.workflowService.getSystemInfo({});
    const { address, namespace, source } = place;
    return judgeTemporal({ address, namespace, source, version: `Temporal ${serverVersion}`.trim() });
  });
  if (!place) {
    const why = reached.state === 'ok' ? 'none runs now' : 'Temporal could not be asked';
    return [reached, ...ofTemporal.map((check) => diagnosis(check, '', unneeded(why)))];
  }
  try {
    return [reached, ...(await examinePlace(config, place))];
  } finally {
    await place.close();
  }
}

async function examinePlace(config: Config, { client, connection, namespace }: TemporalPlace) {
  const hosts = [...new Set(Object.values(config.clusters).map(({ host }) => host))];
  return [
    await look('search attributes', '', async () =>
      judgeSearchAttributes(await missingSearchAttributes(connection, namespace), namespace),
    ),
    await look('workers', '', async () => {
      const seen = hosts.map(async (host) => ({
        host,
        isHere: host === config.host,
        isServed: await hasLivePoller(client, hostQueue(host)),
      }));
      return judgeWorkers(await Promise.all(seen));
    }),
    await look('schedules', '', async () => {
      const found: { id: string; isPaused: boolean }[] = [];
      for await (const { scheduleId, state } of client.schedule.list())
        if (scheduleId.startsWith(scheduleIdPrefix))
          found.push({ id: scheduleId.slice(scheduleIdPrefix.length), isPaused: state.paused });
      return judgeSchedules(found);
    }),
  ];
}
