import type { Host } from "../host-types.ts";

/** Any host, whatever its contract: all that the element needs of one. */
export type AnyHost = Pick<Host, "apps"> & {
  mount(
    appId: string,
    options: Parameters<Host["mount"]>[1],
  ): Omit<ReturnType<Host["mount"]>, "call">;
};

let defaultHost: AnyHost | undefined;
const waiting = new Set<() => void>();

/** The host of every `<breezeway-app>` that is given none. Elements that wait for one start now. */
export function setDefaultHost(host: AnyHost | undefined): void {
  defaultHost = host;
  if (host !== undefined) for (const start of waiting) start();
}

export function getDefaultHost(): AnyHost | undefined {
  return defaultHost;
}

/** @returns a function that stops waiting */
export function onDefaultHost(start: () => void): () => void {
  waiting.add(start);
  return () => void waiting.delete(start);
}
