/** The steps of a run in a row, the one it is in set off. */
export function stepPath<Step extends string>(steps: readonly Step[], at: Step): string {
  return steps.map((step) => (step === at ? `**${step}**` : step)).join(' → ');
}

/** A name from outside, so that it can neither break the table nor draw links. */
export function markdownSafe(text: string): string {
  return text.replace(/[\p{Cc}`|<>[\]\\]/gu, ' ');
}
