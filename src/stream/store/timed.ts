/** What came of some work, and how long it took. */
export interface Timed<T> {
  result: T;
  seconds: number;
}

/** Times work that has just begun. */
export async function timed<T>(work: Promise<T>): Promise<Timed<T>> {
  const start = performance.now();
  const result = await work;
  return { result, seconds: (performance.now() - start) / 1000 };
}
