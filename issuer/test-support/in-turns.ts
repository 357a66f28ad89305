// As many as the stores of `stores.ts` have connections: more would wait for one until they time out.
const AT_ONCE = 4;

/** Does the work for each item, a few at a time. */
export async function inTurns<T>(
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const left = items.values();
  const turn = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, turn));
}
