import type { ClusterConfig } from '../../config/config.js';
import { examineCluster } from '../../doctor/examine-cluster.js';
import { examineMachine } from '../../doctor/examine-machine.js';
import { examineTemporal } from '../../doctor/examine-temporal.js';
import { type Diagnosis, exitCodeOf } from '../../domain/doctor/diagnosis.js';
import { type CommandContext, clustersNamed } from '../context.js';
import { tellDiagnoses } from './doctor-telling.js';

/** `holdfast doctor [CLUSTER]`: what this machine lacks for backups and restores, and what to do about it. */
export async function doctorCommand(
  context: CommandContext,
  clusterName: string | undefined,
): Promise<number> {
  const diagnoses = await examineAll(context, clustersNamed(context.config, clusterName));
  if (context.output.json) context.output.printJson(diagnoses);
  else tellDiagnoses(context.output, diagnoses);
  return exitCodeOf(diagnoses);
}

/** Every check of this machine, of Temporal, and of these clusters, at the same time. */
export async function examineAll(
  { config, stateDir, temporalOptions }: Pick<CommandContext, 'config' | 'stateDir' | 'temporalOptions'>,
  clusters: readonly ClusterConfig[],
): Promise<Diagnosis[]> {
  const found = await Promise.all([
    examineMachine(config, stateDir),
    examineTemporal(config, temporalOptions),
    ...clusters.map((cluster) => examineCluster(config, cluster)),
  ]);
  return found.flat();
}
