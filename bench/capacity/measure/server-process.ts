/** Starts `measured-server.ts` and gives orders to it. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Settings, SignedIn, Usage, Work } from "./protocol.ts";

const SCRIPT = fileURLToPath(new URL("measured-server.ts", import.meta.url));

export interface ServerProcess extends AsyncDisposable {
  readonly port: number;
  /** Cost so far. `afterGc` collects garbage first, so that `heapUsed` is what is held. */
  usage(afterGc?: boolean): Promise<Usage>;
  signIn(from: number, count: number, tenants: number): Promise<readonly SignedIn[]>;
  change(handles: readonly string[], count: number): Promise<void>;
}

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

export async function startServer(
  kind: "issuer" | "gateway",
  settings: Settings,
): Promise<ServerProcess> {
  const child = fork(SCRIPT, [kind, JSON.stringify(settings)], {
    execArgv: ["--conditions=@breezeway/source", "--expose-gc"],
  });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const started = Promise.withResolvers<unknown>();
  waiting.set(0, started);
  child.on("message", ({ id, result, error }: Reply) => {
    const order = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) order?.resolve(result);
    else order?.reject(new Error(error));
  });
  const exited = once(child, "exit").then(() => {
    for (const { reject } of waiting.values()) reject(new Error(`The ${kind} ended.`));
  });
  let orders = 0;
  const give = (work: Work): Promise<unknown> => {
    orders += 1;
    const order = Promise.withResolvers<unknown>();
    waiting.set(orders, order);
    child.send({ ...work, id: orders });
    return order.promise;
  };
  const port = Number(await started.promise);
  return {
    port,
    usage: (afterGc = false) => give({ kind: "usage", afterGc }) as Promise<Usage>,
    signIn: (from, count, tenants) =>
      give({ kind: "sign-in", from, count, tenants }) as Promise<readonly SignedIn[]>,
    change: async (handles, count) => void (await give({ kind: "change", count, handles })),
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await exited;
    },
  };
}
