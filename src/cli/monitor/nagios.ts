import type { MonitorResult } from '../../domain/health/contracts.js';
import type { Finding, StateCounts } from '../../domain/health/finding.js';
import { addCounts, countStates } from '../../domain/health/finding.js';

/** Exit codes of a monitoring plugin (https://www.monitoring-plugins.org/doc/guidelines.html, "Plugin Return Codes"). */
const nagiosExitCodes = { ok: 0, warning: 1, critical: 2, unknown: 3 } as const;

export interface NagiosReport {
  /** One line and performance data, then the findings that are not ok. */
  text: string;
  exitCode: number;
}

/** What looks found as a monitoring plugin tells it: Nagios, Icinga, Naemon and their kin read it. */
export function nagiosReport(results: readonly MonitorResult[]): NagiosReport {
  const counts = results.reduce((sum, result) => addCounts(sum, result.counts), countStates([]));
  const state = worst(counts);
  const findings = results.flatMap((result) => result.findings);
  const wrong = findings.filter(({ state }) => state === 'critical' || state === 'warning');
  const [first] = wrong;
  const told = first ? `${placeOf(first)} ${first.check}: ${first.message}` : `${counts.ok} checks ok`;
  const summary = first ? `${counts.critical} critical, ${counts.warning} warning; ${told}` : told;
  const data = performanceData(findings);
  const lines = wrong.map(
    (finding) => `${finding.state.toUpperCase()} ${placeOf(finding)} ${finding.check}: ${finding.message}`,
  );
  const head = `HOLDFAST ${state.toUpperCase()} - ${plain(summary)}${data && ` | ${data}`}`;
  return { text: [head, ...lines.map(plain)].join('\n'), exitCode: nagiosExitCodes[state] };
}

/** For what kept us from looking. */
export function nagiosUnknown(message: string): NagiosReport {
  return { text: `HOLDFAST UNKNOWN - ${plain(message)}`, exitCode: nagiosExitCodes.unknown };
}

function worst({ critical, warning, ok }: StateCounts): keyof typeof nagiosExitCodes {
  if (critical > 0) return 'critical';
  if (warning > 0) return 'warning';
  return ok > 0 ? 'ok' : 'unknown';
}

function placeOf({ cluster, database }: Finding): string {
  return database === '' ? cluster : `${cluster}/${database}`;
}

/** What stands behind a bar is performance data, and a line of its own another thing. */
function plain(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').replaceAll('|', '/');
}

/** Unit by the end of a metric's name; values in base units. */
const units: [suffix: string, unit: string, factor: number][] = [
  ['_hours', 's', 3600],
  ['_gb', 'B', 1024 ** 3],
  ['_mb', 'B', 1024 ** 2],
  ['_percent', '%', 1],
];

function performanceData(findings: readonly Finding[]): string {
  return findings.flatMap(dataOf).join(' ');
}

/** `'label'=value[UOM]`: quotes in a label are doubled, `=` can't stand in it. */
function dataOf(finding: Finding): string[] {
  return Object.entries(finding.metrics).map(([name, value]) => {
    const [suffix = '', unit = '', factor = 1] = units.find(([end]) => name.endsWith(end)) ?? [];
    const short = suffix === '' ? name : name.slice(0, -suffix.length);
    const label = plain(`${placeOf(finding)} ${short}`)
      .replaceAll('=', '_')
      .replaceAll("'", "''");
    return `'${label}'=${factor === 1 ? value : Math.round(value * factor)}${unit}`;
  });
}
