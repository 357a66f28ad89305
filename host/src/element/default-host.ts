import type { Host } from "../host-types.ts";

/** The part of a host that the elements use. It fits a host with any contract. */
export type AnyHost = Pick<Host, "apps"> & {
  mount(
    appId: string,
    options: Parameters<Host["mount"]>[1],
  ): Omit<ReturnType<Host["mount"]>, "call">;
};

let defaultHost: AnyHost | undefined;
const waiting = new Set<() => void>();

/** Sets the host of each `<breezeway-app>` without a `host`. Elements that wait for a host start now. */
export function setDefaultHost(host: AnyHost | undefined): void {
  defaultHost = host;
  if (host !== undefined) for (const start of waiting) start();
}

export function getDefaultHost(): AnyHost | undefined {
  return defaultHost;
}

/** @returns A function that stops waiting. */
export function onDefaultHost(start: () => void): () => void {
  waiting.add(start);
  return () => void waiting.delete(start);
}
