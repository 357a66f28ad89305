/** Epoch milliseconds by the clock of the store, which all processes on that store share. */
export type StoreTime = () => Promise<number>;

/** Whole epoch seconds, rounded down. */
export function toSeconds(ms: number): number {
  return Math.floor(ms / 1_000);
}
