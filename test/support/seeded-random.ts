/** Random numbers that a seed brings back. */
export interface SeededRandom {
  readonly seed: number;
  /** At least `from`, less than `to`. */
  between(from: number, to: number): number;
  shuffle<T>(items: readonly T[]): T[];
}

/** Of `HOLDFAST_TEST_SEED`, else of a new seed, which is printed: a failure can be looked at again. */
export function seededRandom(name: string): SeededRandom {
  const seed = Number(process.env.HOLDFAST_TEST_SEED ?? Math.floor(Math.random() * 2 ** 32));
  console.log(`${name}: HOLDFAST_TEST_SEED=${seed}`);
  const next = mulberry32(seed);
  const between = (from: number, to: number) => from + next() * (to - from);
  return {
    ...{ seed, between },
    shuffle: (items) =>
      items
        .map((item) => ({ item, key: next() }))
        .sort((a, b) => a.key - b.key)
        .map(({ item }) => item),
  };
}

/** Tommy Ettinger's generator, of the public domain: 32 bits of state. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
