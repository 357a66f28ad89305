/** All open mounts of a host. What the host says to every guest goes through here. */
import { BridgeError, type StateKey } from "@breezeway/shared";
import type { Deliver } from "../events/host-events.ts";
import type { GuestMount } from "./guest-mount.ts";

export interface MountList {
  readonly all: readonly GuestMount[];
  add(mount: GuestMount): void;
  /** The mount's frame has left the page. The list refers to it weakly until it is added again. */
  leave(mount: GuestMount): void;
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
  // Keyed by id, so that a mount that was collected leaves an empty reference at most.
  const away = new Map<string, WeakRef<GuestMount>>();
  let isClosed = false;

  return {
    get all() {
      return [...mounts];
    },
    add(mount) {
      away.delete(mount.id);
      mounts.add(mount);
    },
    leave(mount) {
      for (const [id, reference] of away) if (!reference.deref()) away.delete(id);
      mounts.delete(mount);
      away.set(mount.id, new WeakRef(mount));
    },
    remove(mount) {
      mounts.delete(mount);
      away.delete(mount.id);
    },
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
      for (const reference of away.values()) reference.deref()?.close();
    },
  };
}
