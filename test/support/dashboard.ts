import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';

const deploy = new URL('../../deploy/', import.meta.url);

interface Panel {
  title: string;
  type: string;
  targets?: { expr: string }[];
  panels?: Panel[];
}

/** A query of Grafana's dashboard, its variables replaced. */
export interface DashboardQuery {
  panel: string;
  expression: string;
}

const variables: Record<string, string> = {
  $cluster: '.*',
  $database: '.*',
  $__rate_interval: '1m',
  $__range: '5m',
};

/** Every query of every panel. */
export async function dashboardQueries(): Promise<DashboardQuery[]> {
  const { panels } = JSON.parse(await readFile(new URL('grafana/holdfast.json', deploy), 'utf8')) as {
    panels: Panel[];
  };
  return panels.flatMap(queriesOf);
}

function queriesOf({ title, targets = [], panels = [] }: Panel): DashboardQuery[] {
  const own = targets.map(({ expr }) => ({
    panel: title,
    expression: expr.replace(/\$\w+/g, (name) => variables[name] ?? name),
  }));
  return [...own, ...panels.flatMap(queriesOf)];
}

export interface Rule {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string; description: string };
}

/** The text of the file of alert rules. */
export function rulesText(): Promise<string> {
  return readFile(new URL('prometheus/holdfast.rules.yml', deploy), 'utf8');
}

/** Its rules. */
export async function alertRules(): Promise<Rule[]> {
  const { groups } = parse(await rulesText()) as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}
