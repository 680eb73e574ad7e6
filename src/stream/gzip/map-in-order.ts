/**
 * Maps each item, at most `inFlight` at a time, and gives the results in the items' order, each as soon as it is there:
 * what a slow source brings must not wait for what comes after it. Reads no item ahead of that, so that a slow consumer
 * slows the source down.
 */
export async function* mapInOrder<Item, Result>(
  items: AsyncIterable<Item>,
  inFlight: number,
  map: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const source = items[Symbol.asyncIterator]();
  const pending: Promise<Result>[] = [];
  let next: Promise<IteratorResult<Item>> | undefined;
  let isOver = false;
  try {
    for (;;) {
      if (!isOver && pending.length < inFlight) next ??= source.next();
      if (!next && pending.length === 0) return;
      const item = await itemBefore(next, pending[0]);
      if (!item) {
        yield await (pending.shift() as Promise<Result>);
        continue;
      }
      next = undefined;
      isOver = item.done === true;
      if (item.done) continue;
      const result = map(item.value);
      // Its failure is met when its turn comes; until then it must not count as unhandled.
      result.catch(() => {});
      pending.push(result);
    }
  } finally {
    const left = isOver ? undefined : source.return?.();
    // A source that is being waited for may take its time to hear that nobody does any more.
    if (next) for (const promise of [next, left]) promise?.catch(() => {});
    else await left;
    await Promise.allSettled(pending);
  }
}

/** The next item, where it comes before the first result does; undefined where that is first, or no item awaited. */
async function itemBefore<Item>(
  next: Promise<IteratorResult<Item>> | undefined,
  first: Promise<unknown> | undefined,
): Promise<IteratorResult<Item> | undefined> {
  if (!next || !first) return next;
  const there = first.then(
    () => undefined,
    () => undefined,
  );
  return Promise.race([next, there]);
}
