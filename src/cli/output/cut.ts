/** A line as a terminal of that width does not wrap it: one column stays free. */
export function cutToWidth(text: string, width: number): string {
  const characters = [...text];
  const room = Math.max(0, width - 1);
  return characters.length <= room ? text : `${characters.slice(0, Math.max(0, room - 1)).join('')}…`;
}
