import type { Config } from '../../config/config.js';
import { upPorts } from '../../config/own-temporal.js';
import { HoldfastError } from '../../domain/errors.js';
import { findTemporal, type TemporalPlace } from '../../temporal/connection.js';
import { requirePorts } from '../../temporal/embedded/require-ports.js';
import type { ServerNews } from '../../temporal/embedded/state.js';
import { type LocateOptions, locateConfigured, locateEmbedded } from '../../temporal/locate.js';
import type { CommandContext } from '../context.js';
import type { Output } from '../output/output.js';

/**
 * Connects to the configured Temporal, else to this repository's own, which is started on its ports. A server of somebody
 * else's at Temporal's default address is left alone.
 *
 * @throws HoldfastError `TemporalUnreachable`, `PortTaken`, `ConfigurationInvalid`
 */
export async function startTemporal(
  { config, output, temporalOptions }: CommandContext,
  giveUp: (reason: HoldfastError) => void,
): Promise<TemporalPlace> {
  const ports = upPorts(config);
  const options: LocateOptions = {
    ...temporalOptions,
    embedded: {
      ports,
      beforeStart: () => requireUpPorts(config),
      endsServer: true,
      onNews: (news) => tellNews(output, news, giveUp),
    },
  };
  const configured = locateConfigured(options);
  const location = configured ? Promise.resolve(configured) : locateEmbedded(options);
  const place = await findTemporal({ ...options, begun: { location, startedServer: true } });
  const wanted = `127.0.0.1:${ports.port}`;
  if (!configured && place.address !== wanted) {
    output.note(
      `another command had started Temporal at ${place.address}; once both have ended, it is ${wanted}`,
    );
  }
  return place;
}

async function requireUpPorts(config: Config): Promise<void> {
  const { port, uiPort } = upPorts(config);
  if (port === uiPort) {
    throw new HoldfastError('ConfigurationInvalid', {
      attempted: 'start Temporal and its Web UI',
      cause: `both are to listen at port ${port}`,
      remedy:
        'give temporal.port and temporal.uiPort (HOLDFAST_TEMPORAL_PORT, HOLDFAST_UI_PORT) different ones',
    });
  }
  await requirePorts([
    { port, purpose: 'Temporal', setting: 'HOLDFAST_TEMPORAL_PORT, or temporal.port in holdfast.yaml' },
    { port: uiPort, purpose: 'its Web UI', setting: 'HOLDFAST_UI_PORT, or temporal.uiPort in holdfast.yaml' },
  ]);
}

function tellNews(output: Output, news: ServerNews, giveUp: (reason: HoldfastError) => void): void {
  if (news.news === 'ended') output.warn('Temporal ended by itself; it is started again');
  if (news.news === 'back') output.note('Temporal is back, and the work goes on');
  if (news.news === 'stays') output.note('other commands still use Temporal: it ends with the last of them');
  if (news.news !== 'given up') return;
  giveUp(
    new HoldfastError('TemporalUnreachable', {
      attempted: 'start Temporal again',
      cause: news.cause,
      remedy: 'see its log, temporal.log in the state directory; then start `holdfast up` again',
    }),
  );
}
