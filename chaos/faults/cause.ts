/** Causes a fault on the running platform. */
import type { Relay } from "@breezeway/test-support/relay";
import type { Part } from "../platform/part.ts";
import type { Platform } from "../platform/platform.ts";
import type { Fault } from "./fault.ts";

/** Ends the fault. Resolves once the parts that it ended run again. */
export type EndFault = () => Promise<void>;

/** @throws {Error} for a fault that this platform cannot have */
export async function causeFault(platform: Platform, fault: Fault): Promise<EndFault> {
  const { kind, target, value = 0 } = fault;
  switch (kind) {
    case "kill":
      return killed(platform, target);
    case "freeze":
      return frozen(platform, target);
    case "cut":
      return changedWay(platform, fault, "cut");
    case "half-open":
      return changedWay(platform, fault, "stall");
    case "slow":
      for (const way of waysOf(platform, target)) way.slow(value);
      return restoreWays(platform, target);
    case "clock":
      return surrounded(partsOf(platform, target), "clockOffsetMs", value * 1_000);
    case "memory":
      return surrounded(partsOf(platform, target), "ballastMb", value);
    case "dns":
      return movedUpstream(platform);
    case "disk-full":
      diskOf(platform).fill();
      return () => Promise.resolve(diskOf(platform).free());
    case "read-only":
      return protectedDisk(platform);
  }
}

function partsOf({ parts, shape }: Platform, target: string): readonly Part[] {
  const names =
    target === "all"
      ? [...shape.issuers, ...shape.gateways]
      : target === "issuers"
        ? shape.issuers
        : [target];
  const found = names.flatMap((name) => parts.get(name) ?? []);
  if (found.length === 0) throw new Error(`This platform has no part ${target}.`);
  return found;
}

function waysOf({ ways, shape }: Platform, target: string): readonly Relay[] {
  const names = target === "store" ? shape.issuers : [target];
  const found = names.flatMap((name) => ways.get(name) ?? []);
  if (found.length === 0) throw new Error(`This platform has no way of ${target}.`);
  return found;
}

function diskOf({ store }: Platform): NonNullable<Platform["store"]["disk"]> {
  if (!store.disk) throw new Error("The store of this platform has no disk of its own.");
  return store.disk;
}

async function killed(platform: Platform, target: string): Promise<EndFault> {
  const { store, counters, upstreams } = platform;
  const victim =
    target === "store"
      ? store.server
      : target === "counters"
        ? counters
        : target === "upstream"
          ? upstreams.current
          : partsOf(platform, target)[0];
  await victim?.kill();
  return async () => victim?.start();
}

function frozen(platform: Platform, target: string): EndFault {
  if (target === "store") return changedWay(platform, { kind: "freeze", target }, "freeze");
  const victim =
    target === "counters"
      ? platform.counters
      : target === "upstream"
        ? platform.upstreams.current
        : partsOf(platform, target)[0];
  victim?.freeze();
  return () => Promise.resolve(victim?.thaw());
}

function changedWay(
  platform: Platform,
  { target }: Fault,
  change: "cut" | "freeze" | "stall",
): EndFault {
  for (const way of waysOf(platform, target)) way[change]();
  return restoreWays(platform, target);
}

function restoreWays(platform: Platform, target: string): EndFault {
  return () => {
    for (const way of waysOf(platform, target)) way.restore();
    return Promise.resolve();
  };
}

function surrounded(
  parts: readonly Part[],
  member: "clockOffsetMs" | "ballastMb",
  value: number,
): EndFault {
  for (const part of parts) part.surround({ [member]: value });
  return () => {
    for (const part of parts) part.surround({ [member]: 0 });
    return Promise.resolve();
  };
}

/** The service moves, as after a failover: its old address is silent at first, and then gone. */
function movedUpstream({ parts, shape, upstreams }: Platform): EndFault {
  const before = upstreams.move();
  before.freeze();
  for (const name of shape.gateways) parts.get(name)?.surround({ hosts: upstreams.hosts() });
  return async () => {
    await before.kill();
    // The spare for the next move.
    await before.start();
  };
}

/** A file system that turned read-only, as after a fault of its disk, under an issuer that starts again. */
async function protectedDisk(platform: Platform): Promise<EndFault> {
  const disk = diskOf(platform);
  const [issuer] = partsOf(platform, "issuers");
  await issuer?.kill();
  disk.protect();
  const starting = issuer?.start();
  return async () => {
    disk.unprotect();
    await starting;
  };
}
