/** All open mounts of a host. What the host says to every guest goes through here. */
import { BridgeError, type StateKey } from "@breezeway/shared";
import type { Deliver } from "../events/host-events.ts";
import type { GuestMount } from "./guest-mount.ts";

export interface MountList {
  readonly all: readonly GuestMount[];
  add(mount: GuestMount): void;
  remove(mount: GuestMount): void;
  /** @param appId `undefined`: every app. */
  deliveriesTo(appId: string | undefined): Iterable<Deliver>;
  pushState(key: StateKey, value: unknown): void;
  pushContext(): void;
  /** @throws {BridgeError} CHANNEL_CLOSED, after `close()` */
  assertOpen(): void;
  close(): void;
}

export function createMountList(): MountList {
  const mounts = new Set<GuestMount>();
  let isClosed = false;

  return {
    get all() {
      return [...mounts];
    },
    add: (mount) => void mounts.add(mount),
    remove: (mount) => void mounts.delete(mount),
    *deliveriesTo(appId) {
      for (const mount of mounts) {
        if (appId === undefined || mount.app.id === appId) yield mount.deliver;
      }
    },
    pushState(key, value) {
      for (const mount of mounts) mount.pushState(key, value);
    },
    pushContext() {
      for (const mount of mounts) mount.pushContext();
    },
    assertOpen() {
      if (isClosed) throw new BridgeError("CHANNEL_CLOSED", "This host was closed.");
    },
    close() {
      isClosed = true;
      for (const mount of mounts) mount.close();
    },
  };
}
