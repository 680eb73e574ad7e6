/** The steps of a run in a row, the one it is in set off. */
export function stepPath<Step extends string>(steps: readonly Step[], at: Step): string {
  return steps.map((step) => (step === at ? `**${step}**` : step)).join(' → ');
}

/** A name from outside, cut, so that it can neither break the table nor draw links. */
export function markdownSafe(text: string): string {
  return text.slice(0, 300).replace(/[\p{Cc}`|<>[\]\\]/gu, ' ');
}

/** A run's current details in Temporal's Web UI: its steps, and a table of the figures that are known. */
export function detailsOf<Step extends string>(
  steps: readonly Step[],
  at: Step,
  figures: readonly [name: string, value: string | undefined][],
): string {
  const rows = figures.filter(([, value]) => value).map(([name, value]) => `| ${name} | ${value} |`);
  return [stepPath(steps, at), '', '| | |', '|---|---|', ...rows].join('\n');
}
