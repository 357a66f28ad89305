/**
 * What a page holds, in MB, without what the browser keeps for itself:
 *
 * - compiled code. The runtime compiles functions as they become hot, for many minutes: a young page grew by about
 *   1 MB of it, while its objects did not;
 * - the record of each response, which exists only for a program that drives the browser.
 */
import type { CDPSession } from "playwright";

interface HeapSnapshot {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[];
      readonly node_types: readonly (string | readonly string[])[];
    };
  };
  /** The fields of all nodes, one after the other. */
  readonly nodes: readonly number[];
  readonly strings: readonly string[];
}

const OF_THE_DRIVER = /NetworkResourcesData/u;

export async function heldHeapMb(session: CDPSession): Promise<number> {
  await session.send("HeapProfiler.enable");
  // The first collection releases what holds other things.
  await session.send("HeapProfiler.collectGarbage");
  await session.send("HeapProfiler.collectGarbage");
  let text = "";
  session.on("HeapProfiler.addHeapSnapshotChunk", ({ chunk }) => (text += chunk));
  await session.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
  await session.detach();
  return heldBytes(JSON.parse(text) as HeapSnapshot) / 2 ** 20;
}

export function heldBytes({ snapshot, nodes, strings }: HeapSnapshot): number {
  const { node_fields: fields, node_types: kinds } = snapshot.meta;
  const [type, name, size] = ["type", "name", "self_size"].map((field) => fields.indexOf(field));
  const code = kinds[type ?? -1]?.indexOf("code");
  if (type === undefined || name === undefined || size === undefined || code === undefined) {
    throw new TypeError("heldBytes: the snapshot must have nodes with type, name and self_size.");
  }
  let bytes = 0;
  for (let at = 0; at < nodes.length; at += fields.length) {
    const isDrivers = OF_THE_DRIVER.test(strings[nodes[at + name] ?? -1] ?? "");
    if (nodes[at + type] !== code && !isDrivers) bytes += nodes[at + size] ?? 0;
  }
  return bytes;
}
