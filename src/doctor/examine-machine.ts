import { stat } from 'node:fs/promises';
import { channelsOf } from '../alerting/channels.js';
import type { Config } from '../config/config.js';
import { type Diagnosis, diagnosis, fine } from '../domain/doctor/diagnosis.js';
import { judgeAlerts, judgeSecrets, judgeSettings, type SecretFile } from '../domain/doctor/judge-machine.js';
import { resolveConnection } from '../postgres/connection/resolve.js';
import { look } from './look.js';
import { proveWritable } from './prove-writable.js';

/** What can be said of this machine without asking anybody. */
export async function examineMachine(config: Config, stateDir: string): Promise<Diagnosis[]> {
  return [
    await look('settings', '', () => judgeSettings({ readFrom: filesOf(config), warnings: config.warnings })),
    await look('secrets', '', async () => judgeSecrets(await secretFiles(config), ignoredFiles(config))),
    await look('state folder', '', async () => {
      await proveWritable(stateDir, 'HOLDFAST_STATE_DIR');
      return diagnosis('state folder', '', fine(stateDir));
    }),
    await look('alerts', '', () =>
      judgeAlerts(
        channelsOf(config).map(({ name }) => name),
        config.deadMansSwitch !== undefined,
      ),
    ),
  ];
}

/** Where settings were read, without lines. */
function filesOf({ origins }: Config): string[] {
  const places = Object.values(origins).map((origin) => origin.replace(/:\d+$/, ''));
  return [...new Set(places)].filter((place) => place !== 'default').sort();
}

async function secretFiles({ secretFiles: files }: Config): Promise<SecretFile[]> {
  const seen = files.map(async ({ path, holds }) => {
    const found = await stat(path).catch(() => undefined);
    return found ? [{ path, holds, mode: found.mode }] : [];
  });
  return (await Promise.all(seen)).flat();
}

/** Why a password file of libpq's is left alone, of each cluster of this host. */
function ignoredFiles({ clusters, host }: Config): string[] {
  const here = Object.values(clusters).filter((cluster) => cluster.host === host);
  const why = here.map(({ connection }) => resolveConnection(connection, 'postgres').passwordFileIgnored);
  return [...new Set(why.filter((words) => words !== undefined))];
}
