/** Epoch milliseconds. Injected, so that tests decide what time it is. */
export type Clock = () => number;

/** The same for all processes on a store, however much their machines' clocks differ. */
export type SharedClock = () => Promise<number>;

export const systemClock: Clock = () => Date.now();

export function toSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}
