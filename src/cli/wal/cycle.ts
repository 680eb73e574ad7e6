import { type ArchiveReport, isWhole, type Listed } from '../../domain/wal/archive-report.js';
import type { WalCycleResult } from '../../domain/wal/contracts.js';
import { walCycleOf } from '../../temporal/operations.js';
import { type CommandContext, clusterNamed } from '../context.js';
import { refuseUnmetHere, runOperation, thisCommand } from '../operation/run.js';
import { openSession } from '../operation/session.js';
import { walWords } from '../operation/step-words.js';
import { bytes, counted, duration, instant, printable } from '../output/format.js';
import type { Output } from '../output/output.js';

export interface WalOptions {
  base?: boolean;
  switch: boolean;
  detach?: boolean;
}

/** Verification failed: the archive is not whole. */
const notWholeExitCode = 5;

/** `holdfast wal [CLUSTER]`: one cycle. */
export async function walCommand(
  context: CommandContext,
  clusterName: string,
  options: WalOptions,
): Promise<number> {
  const cluster = clusterNamed(context.config, clusterName);
  refuseUnmetHere(context, cluster);
  const session = await openSession(context, cluster.host, options.detach === true);
  try {
    const asked = { forceBase: options.base === true, noSwitch: !options.switch };
    const operation = walCycleOf(cluster, thisCommand(context, session, cluster), asked);
    const start = { ...operation, queues: session.queues };
    const how = { stepWords: walWords, detach: options.detach === true };
    const result = await runOperation<WalCycleResult>(context, session, start, how);
    if (!result) return 0;
    if (context.output.json) context.output.printJson(result);
    else printCycle(context.output, result);
    return isWhole(result.archive) ? 0 : notWholeExitCode;
  } finally {
    await session.close();
  }
}

function printCycle(output: Output, result: WalCycleResult): void {
  const { archive, base, expired, awaited, awaitedMs } = result;
  if (base) {
    const { id, sizeBytes, durationSeconds } = base.backup;
    output.success(`took base backup ${id}: ${base.because}`);
    output.print(`  size      ${bytes(sizeBytes)}, in ${duration(durationSeconds)}`);
  }
  if (isWhole(archive)) output.success(`the archive of ${printable(result.cluster)} is whole`);
  else output.fail(`the archive of ${printable(result.cluster)} is not whole`);
  output.print(
    `  segments  ${counted(archive.segments, 'segment')}, ${bytes(archive.sizeBytes)}, ${archive.oldest ?? '-'} to ${archive.newest ?? '-'}`,
  );
  if (archive.newestWrittenAt) output.print(`  newest    written ${instant(archive.newestWrittenAt)}`);
  if (awaited) output.print(`  awaited   ${awaited}, ${duration(awaitedMs / 1000)}`);
  const { segments, bytesBefore, bytesAfter } = result.compressed;
  if (segments > 0) {
    output.print(
      `  packed    ${counted(segments, 'segment')}, ${bytes(bytesBefore)} to ${bytes(bytesAfter)}`,
    );
  }
  if (expired.baseCount + expired.segmentCount > 0) {
    output.print(
      `  expired   ${counted(expired.baseCount, 'base backup')}, ${counted(expired.segmentCount, 'segment')}, ${bytes(expired.freedBytes)} of WAL`,
    );
  }
  printFlaws(output, archive);
  for (const warning of result.warnings) output.warn(warning);
}

function printFlaws(output: Output, { gaps, damaged, foreign, unchecked, unknown }: ArchiveReport): void {
  for (const gap of gaps.items) {
    const from = gap.unrecoverableFrom ? instant(gap.unrecoverableFrom) : 'the beginning';
    const to = gap.unrecoverableTo ? instant(gap.unrecoverableTo) : 'the next base backup';
    output.fail(
      `missing: ${gap.firstMissing} to ${gap.lastMissing} (${counted(gap.segments, 'segment')}); no point from ${from} to ${to} can be recovered to`,
    );
  }
  for (const { file, why } of damaged.items) output.fail(`${printable(file)}: ${printable(why)}`);
  for (const { file, why } of foreign.items)
    output.fail(`${printable(file)} is of another cluster: ${printable(why)}`);
  for (const [what, list] of [
    ['gap', gaps],
    ['damaged file', damaged],
    ['file of another cluster', foreign],
  ] as [string, Listed<unknown>][]) {
    const more = list.total - list.items.length;
    if (more > 0) output.fail(`and ${counted(more, `more ${what}`)}`);
  }
  if (unchecked > 0) output.warn(`${counted(unchecked, 'segment')} left to the next cycle to verify`);
  if (unknown.total > 0)
    output.warn(
      `${counted(unknown.total, 'file')} in the archive that no server writes, such as ${printable(unknown.items[0] ?? '')}`,
    );
}
