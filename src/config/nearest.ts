import { distance as editDistance } from 'fastest-levenshtein';

/** The known name that `wrong` is most likely meant to be; undefined when none is near, by `most` letters or a third. */
export function nearest(wrong: string, known: readonly string[], most?: number): string | undefined {
  const ranked = known
    .map((name) => ({ name, distance: editDistance(wrong.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best && best.distance <= (most ?? Math.max(2, Math.floor(best.name.length / 3)))
    ? best.name
    : undefined;
}
