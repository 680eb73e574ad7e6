import type { Config, TemporalConfig } from './config.js';
import { defined } from './layers.js';
import type { EnvironmentReading } from './read-environment.js';
import type { FileReading } from './read-file.js';
import type { VariableName } from './schema/environment.js';

const places = [
  ['port', 'HOLDFAST_TEMPORAL_PORT'],
  ['uiPort', 'HOLDFAST_UI_PORT'],
] as const satisfies [keyof TemporalConfig, VariableName][];

/** What the settings say of them, noting in `origins` where. */
export function resolveOwnTemporal(
  { environment, file }: { environment: EnvironmentReading; file: FileReading },
  origins: Record<string, string>,
): Pick<TemporalConfig, 'port' | 'uiPort'> {
  const found: { port?: number | undefined; uiPort?: number | undefined } = {};
  for (const [key, variable] of places) {
    const [given, written] = [environment.settings[variable], file.settings.temporal?.[key]];
    found[key] = given ?? written;
    if (given !== undefined) origins[`temporal.${key}`] = environment.originOf(variable);
    else if (written !== undefined) origins[`temporal.${key}`] = file.originOf(['temporal', key]);
  }
  return defined(found);
}

/** Where a server that a command starts is to listen, as far as the settings say: nothing else of them is for it. */
export function wantedPorts({ temporal: { port, uiPort } }: Pick<Config, 'temporal'>) {
  return defined({ port, uiPort });
}

/** Not Temporal's own 7233, where every command of every repository would take it for a server that it may use. */
const defaultPort = 7243;

/** Where `holdfast up` has its server listen. */
export function upPorts({ temporal }: Pick<Config, 'temporal'>): { port: number; uiPort: number } {
  const port = temporal.port ?? defaultPort;
  return { port, uiPort: temporal.uiPort ?? (port <= 64_535 ? port + 1000 : port - 1000) };
}
