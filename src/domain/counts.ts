/** A number of things: `1 table`, `1,204 rows`. */
export function counted(number: number, thing: string): string {
  return `${count(number)} ${thing}${number === 1 ? '' : 's'}`;
}

/** A whole number with its thousands apart, the same in every locale: `1,234,567`. */
export function count(number: number): string {
  return number.toLocaleString('en-US');
}
