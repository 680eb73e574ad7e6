import type { MonitorResult } from '../../domain/health/contracts.js';
import type { Finding } from '../../domain/health/finding.js';
import { bytes, counted, printable } from '../output/format.js';
import type { Output } from '../output/output.js';
import { renderTable } from '../output/table.js';

const marks = { ok: '✓', warning: '!', critical: '✗', 'not applicable': '-' } as const;

/** Prints what looks found: a table of every check, then what to do. */
export function tellLooks(output: Output, results: readonly MonitorResult[]): void {
  const findings = results.flatMap((result) => result.findings);
  output.print(renderTable(['', 'CHECK', 'CLUSTER', 'DATABASE', 'STATE', 'FOUND'], findings.map(row), {}));
  for (const { cluster, findingCount, findings: shown } of results) {
    const more = findingCount - shown.length;
    if (more > 0) output.print(`and ${counted(more, 'finding')} more of ${printable(cluster)}, none worse`);
  }
  output.print('');
  for (const finding of findings) if (isWrong(finding)) tellRemedy(output, finding);
  for (const result of results) tellRest(output, result);
}

function row({ check, cluster, database, state, message }: Finding): string[] {
  return [marks[state], check, cluster, database || '-', state, message];
}

function isWrong({ state }: Finding): boolean {
  return state === 'critical' || state === 'warning';
}

function tellRemedy(output: Output, { check, cluster, database, state, message, remedy }: Finding): void {
  const place = database === '' ? cluster : `${cluster}/${database}`;
  const text = `${check} of ${printable(place)}: ${printable(message)}\n→ ${printable(remedy)}`;
  if (state === 'critical') output.fail(text);
  else output.warn(text);
}

function tellRest(output: Output, { cluster, counts, reread, delivery, warnings }: MonitorResult): void {
  const summary = `${printable(cluster)}: ${counts.critical} critical, ${counts.warning} warning, ${counts.ok} ok`;
  const read =
    reread.backups > 0 ? `; re-read ${counted(reread.backups, 'backup')}, ${bytes(reread.bytes)}` : '';
  if (counts.critical === 0) output.success(`${summary}${read}`);
  else output.fail(`${summary}${read}`);
  for (const warning of [...warnings, ...delivery.problems]) output.warn(printable(warning));
  if (delivery.waiting > 0)
    output.warn(`${counted(delivery.waiting, 'alert')} not delivered yet; the next look tries again`);
}
