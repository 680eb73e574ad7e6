import type { Diagnosis } from '../../domain/doctor/diagnosis.js';
import { countStates, type HealthState } from '../../domain/health/finding.js';
import { printable } from '../output/format.js';
import type { Output } from '../output/output.js';

const marks: Record<HealthState, [sign: string, word: string]> = {
  ok: ['✓', 'OK'],
  warning: ['!', 'WARNING'],
  critical: ['✗', 'CRITICAL'],
  'not applicable': ['-', 'not applicable'],
};

/** Prints a line for each check, `✓ archiving: OK  …`, and under it what to do. */
export function tellDiagnoses(output: Output, diagnoses: readonly Diagnosis[]): void {
  const width = Math.max(...diagnoses.map((one) => title(one).length));
  const places = [...new Set(diagnoses.map(({ cluster }) => cluster))];
  for (const place of places) {
    output.print(place === '' ? 'this machine' : `\ncluster ${printable(place)}`);
    for (const one of diagnoses.filter(({ cluster }) => cluster === place)) tellOne(output, one, width);
  }
  output.print('');
  const { critical, warning, ok } = countStates(diagnoses);
  const summary = `${critical} critical, ${warning} warning, ${ok} ok`;
  if (critical > 0) output.fail(summary);
  else output.success(summary);
}

function tellOne(output: Output, one: Diagnosis, width: number): void {
  output.print(`  ${title(one).padEnd(width)}  ${printable(one.found)}`);
  for (const line of one.remedy.split('\n')) if (line !== '') output.print(`      ${printable(line)}`);
}

function title({ check, state }: Diagnosis): string {
  const [sign, word] = marks[state];
  return `${sign} ${check}: ${word}`;
}
