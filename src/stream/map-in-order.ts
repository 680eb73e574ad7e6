/**
 * Maps each item, at most `inFlight` at a time, and gives the results in the items' order. Reads no item ahead of
 * that, so that a slow consumer slows the source down.
 */
export async function* mapInOrder<Item, Result>(
  items: AsyncIterable<Item>,
  inFlight: number,
  map: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const pending: Promise<Result>[] = [];
  try {
    for await (const item of items) {
      const result = map(item);
      // Its failure is met when its turn comes; until then it must not count as unhandled.
      result.catch(() => {});
      pending.push(result);
      if (pending.length >= inFlight) yield await (pending.shift() as Promise<Result>);
    }
    while (pending.length > 0) yield await (pending.shift() as Promise<Result>);
  } finally {
    await Promise.allSettled(pending);
  }
}
