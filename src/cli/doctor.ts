import { examineCluster } from '../doctor/examine-cluster.js';
import { examineMachine } from '../doctor/examine-machine.js';
import { examineTemporal } from '../doctor/examine-temporal.js';
import { exitCodeOf } from '../domain/doctor/diagnosis.js';
import { type CommandContext, clustersNamed } from './context.js';
import { tellDiagnoses } from './doctor-telling.js';

/** `holdfast doctor [CLUSTER]`: what this machine lacks for backups and restores, and what to do about it. */
export async function doctorCommand(
  context: CommandContext,
  clusterName: string | undefined,
): Promise<number> {
  const { config, output, stateDir, temporalOptions } = context;
  const clusters = clustersNamed(config, clusterName);
  const [machine, temporal, ...ofClusters] = await Promise.all([
    examineMachine(config, stateDir),
    examineTemporal(config, temporalOptions),
    ...clusters.map((cluster) => examineCluster(config, cluster, stateDir)),
  ]);
  const diagnoses = [machine, temporal, ...ofClusters].flat();
  const exitCode = exitCodeOf(diagnoses);
  if (output.json)
    output.printJson(diagnoses.map(({ failsAs, ...rest }) => ({ ...rest, fails_as: failsAs })));
  else tellDiagnoses(output, diagnoses);
  return exitCode;
}
