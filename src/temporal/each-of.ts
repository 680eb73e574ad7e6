/** Questions asked of Temporal at a time. */
const atATime = 16;

/** Does it for each, a few at a time. */
export async function eachOf<In, Out>(items: readonly In[], act: (item: In) => Promise<Out>): Promise<Out[]> {
  const done: Out[] = [];
  for (let from = 0; from < items.length; from += atATime)
    done.push(...(await Promise.all(items.slice(from, from + atATime).map(act))));
  return done;
}
