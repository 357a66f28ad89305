/**
 * Loaded before a part of the platform (`--import`): the parent sets the part's wall clock, its host names,
 * and how much of its heap is in use. The part itself is unchanged; it sees what a process sees whose
 * machine has its clock set, or whose DNS server gives another answer. Timers stay monotonic, as they do on
 * such a machine.
 */
import dns from "node:dns";
import { syncBuiltinESMExports } from "node:module";
import process from "node:process";
import { isUsageRequest, isWorldMessage, type Reply } from "./messages.ts";
import { usageOf } from "./usage.ts";

const BALLAST_CHUNK = 20_000;
/** An object with one member, and its place in the list. */
const BALLAST_ITEM_BYTES = 40;

const realNow = Date.now.bind(Date);
let clockOffsetMs = 0;
let hosts: Readonly<Record<string, string>> = {};
let ballast: object[][] = [];

Date.now = () => realNow() + clockOffsetMs;
globalThis.Date = new Proxy(Date, {
  construct: (target, args: unknown[], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [Date.now()] : args, newTarget) as object,
});

const realLookup = dns.lookup.bind(dns);
dns.lookup = new Proxy(dns.lookup, {
  apply: (_target, _this, [name, ...rest]: Parameters<typeof dns.lookup>) =>
    realLookup(hosts[name] ?? name, ...rest),
});
syncBuiltinESMExports();

/** Fills the heap in pieces, as a part does that holds more data than usual, and keeps serving. */
function fill(megabytes: number): void {
  const filled: object[][] = [];
  ballast = filled;
  const chunks = (megabytes * 1_048_576) / (BALLAST_CHUNK * BALLAST_ITEM_BYTES);
  const more = (): void => {
    // Another amount was asked for meanwhile.
    if (ballast !== filled || filled.length >= chunks) return;
    filled.push(Array.from({ length: BALLAST_CHUNK }, (_, index) => ({ index })));
    setImmediate(more);
  };
  more();
}

process.on("message", (message) => {
  if (isUsageRequest(message)) {
    const reply: Reply = { id: message.usage, value: JSON.stringify(usageOf()) };
    process.send?.(reply);
  }
  if (!isWorldMessage(message)) return;
  const { world } = message;
  clockOffsetMs = world.clockOffsetMs ?? clockOffsetMs;
  hosts = world.hosts ?? hosts;
  if (world.ballastMb !== undefined) fill(world.ballastMb);
});
// A part must not outlive the run.
process.on("disconnect", () => process.exit(1));
