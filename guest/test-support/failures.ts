/**
 * Failures of a guest, each provoked through the public entries, for tests that compare the texts of
 * builds. `node guest/test-support/failures.ts` prints them as JSON.
 */
import process from "node:process";
import {
  BridgeError,
  callOptions,
  createAppBridge,
  decodeSessionToken,
  defineContract,
  type BridgeOptions,
} from "@breezeway/guest";
import { createTestHost } from "@breezeway/guest/testing";
import * as z from "zod/mini";

export interface Failure {
  readonly what: string;
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly details: unknown;
}

type Provoke = () => unknown;

export async function provokeFailures(): Promise<Failure[]> {
  const contract = defineContract({
    methods: {
      open: { args: z.tuple([z.object({ id: z.string() })]), returns: z.string() },
      slow: {},
      remove: { capability: "orders:delete" },
      refuse: {},
      fail: {},
    },
  });
  const host = createTestHost({
    contract,
    methods: {
      open: () => 7 as never,
      slow: () => new Promise(() => undefined),
      refuse: () => {
        throw new BridgeError("DENIED", "Orders are closed on Sundays.");
      },
      fail: () => {
        throw new Error("a secret of the host");
      },
    },
  });
  const bridge = await host.connect();
  const other = createTestHost();
  const open = await other.connect();
  const aborted = AbortSignal.abort();
  const cases: Record<string, Provoke> = {
    "an unknown option": () => createAppBridge({ hostOrigin: [] } as BridgeOptions),
    "a page outside a frame": () => createAppBridge(),
    "a bad name in a contract": () => defineContract({ methods: { "1": {} } }),
    "a malformed token": () => decodeSessionToken("x"),
    "a method outside the contract": () => bridge.method.call("nothing" as "slow"),
    "a method of another host": () => open.method.call("nothing"),
    "a malformed name": () => open.method.call("no name"),
    "wrong arguments": () => bridge.method.call("open", { id: 7 } as never),
    "a wrong result": () => bridge.method.call("open", { id: "o-1" }),
    "a missing capability": () => bridge.method.call("remove"),
    "a timeout": () => {
      const call = bridge.method.call("slow", callOptions({ timeoutMs: 10 }));
      return Promise.all([call, host.advance(200)]);
    },
    "an abort": () => bridge.method.call("slow", callOptions({ signal: aborted })),
    "a refusal in the host's words": () => bridge.method.call("refuse"),
    "an error of a method": () => bridge.method.call("fail"),
    "a value that cannot be cloned": () => open.method.call("nothing", { save: () => {} }),
    "a foreign URL": () => open.fetch("https://elsewhere.example/orders"),
    "a closed bridge": () => {
      open.close();
      return open.method.call("nothing");
    },
  };
  const failures: Failure[] = [];
  for (const [what, provoke] of Object.entries(cases))
    failures.push(await failureOf(what, provoke));
  bridge.close();
  host.close();
  other.close();
  return failures;
}

async function failureOf(what: string, provoke: Provoke): Promise<Failure> {
  try {
    await provoke();
  } catch (error) {
    if (!BridgeError.is(error)) throw error;
    const { code, message, retryable, details } = error;
    return { what, code, message, retryable, details };
  }
  throw new Error(`${what}: nothing was thrown`);
}

if (import.meta.main) process.stdout.write(JSON.stringify(await provokeFailures()));
