import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ClusterConfig, Config } from '../config/config.js';
import {
  clusterChecks,
  type Diagnosis,
  type DoctorCheck,
  diagnosis,
  fine,
  unneeded,
} from '../domain/doctor/diagnosis.js';
import { judgeCompressor, judgeRepository, judgeSpace, judgeTools } from '../domain/doctor/judge-cluster.js';
import type { DiskFacts } from '../domain/health/facts.js';
import { lookAtDisk } from '../monitoring/gather-facts.js';
import { withMaintenanceConnection } from '../postgres/connection/connection.js';
import { resolveConnection, showConnection } from '../postgres/connection/resolve.js';
import { inspectServer, type ServerSight } from '../postgres/inspect/server.js';
import { type ClientToolOptions, findClientTools, findTool } from '../postgres/program/client-tools.js';
import { layoutOf } from '../repository/local/layout.js';
import { openRepository } from '../repository/open-repository.js';
import { chooseCompressor } from '../stream/compression/choose-compressor.js';
import { databasesBytes, examineServer } from './examine-server.js';
import { look } from './look.js';
import { proveWritable } from './prove-writable.js';

/** Everything that is to be looked at of one cluster. One of another host is looked at there. */
export async function examineCluster(config: Config, cluster: ClusterConfig): Promise<Diagnosis[]> {
  if (cluster.host !== config.host)
    return [
      diagnosis(
        'connection',
        cluster.name,
        unneeded(`it is looked after on host ${cluster.host}`, `holdfast doctor ${cluster.name}    # there`),
      ),
    ];
  const server = await examineServerOf(config, cluster);
  const place = await examinePlace(cluster, server.databasesBytes);
  const all = [...server.diagnoses, ...place];
  return clusterChecks.flatMap((check) => all.filter((one) => one.check === check));
}

/** What only the server can tell: where it can't be reached, nothing of it is known. */
const ofServer: readonly DoctorCheck[] = [
  'client tools',
  'clock',
  'dump role',
  'replication role',
  'restore role',
  'archiving',
  'replication slots',
];

async function examineServerOf({ pgBinDir }: Config, cluster: ClusterConfig) {
  const { name, connection } = cluster;
  let databasesSize: number | null = null;
  const rest: Diagnosis[] = [];
  const reached = await look('connection', name, async () => {
    const where = showConnection(resolveConnection(connection, 'postgres'));
    return await withMaintenanceConnection(connection, async (client) => {
      const server = await inspectServer(client);
      rest.push(await look('client tools', name, () => examineTools(name, server, pgBinDir)));
      const { role, diagnoses } = await examineServer(client, cluster, server);
      rest.push(...diagnoses);
      databasesSize = role === undefined ? null : databasesBytes(role);
      return diagnosis('connection', name, fine(`PostgreSQL ${server.version} at ${where}`));
    });
  });
  const missing = ofServer.filter((check) => !rest.some((one) => one.check === check));
  const unknown = missing.map((check) => diagnosis(check, name, unneeded('the server could not be asked')));
  return { diagnoses: [reached, ...rest, ...unknown], databasesBytes: databasesSize };
}

const besidePgDump = ['pg_dumpall', 'psql', 'pg_basebackup', 'pg_receivewal'];

async function examineTools(cluster: string, server: ServerSight, pgBinDir?: string): Promise<Diagnosis> {
  const options: ClientToolOptions = pgBinDir === undefined ? {} : { pgBinDir };
  const { pgDump } = await findClientTools(server.major, options);
  const folder = dirname(pgDump.path);
  const there = await Promise.all(besidePgDump.map((tool) => findTool(join(folder, tool))));
  const missing = besidePgDump.filter((_, index) => there[index] === undefined);
  const { version: serverVersion, major: serverMajor } = server;
  return judgeTools(cluster, { serverVersion, serverMajor, version: pgDump.version, folder, missing });
}

/** What lies on this machine: the repository, its disk, the compressor. */
async function examinePlace(cluster: ClusterConfig, databasesSize: number | null): Promise<Diagnosis[]> {
  const { name, repositoryPath: path, retentionDays, minDiskSpaceGb } = cluster;
  const full = await stat(layoutOf(path, name).full).catch(() => undefined);
  const found = full && (await lookAtDisk(cluster, new Date()).catch(() => undefined));
  const backups = found?.backups ?? 0;
  return [
    await look('repository', name, async () => {
      const exists = await proveWritable(path);
      if (full) await proveWritable(layoutOf(path, name).full);
      return judgeRepository(name, { path, exists, mode: full?.mode ?? null, backups });
    }),
    await look('disk space', name, async () => {
      const disk = found?.disk ?? (await emptyDisk(cluster));
      return judgeSpace(name, { disk, retentionDays, minDiskSpaceGb, databasesBytes: databasesSize });
    }),
    await look('compression', name, async () => {
      const { compression: method, compressionLevel: level } = cluster;
      return judgeCompressor(name, await chooseCompressor({ method, ...(level !== undefined && { level }) }));
    }),
  ];
}

/** The file system that the repository is going to lie on. */
async function emptyDisk({ name, repositoryPath }: ClusterConfig): Promise<DiskFacts> {
  const there = async (path: string): Promise<string> =>
    (await stat(path).catch(() => undefined)) || path === dirname(path) ? path : await there(dirname(path));
  const space = await openRepository({ name, repositoryPath: await there(repositoryPath) }).freeSpace();
  return { ...space, catalogueBytes: 0, dailyBytes: 0 };
}
