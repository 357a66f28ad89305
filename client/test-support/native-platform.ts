/** A real issuer with native sessions on a socket, whose network a test can cut. */
import { createTestClock, type TestClock } from "@breezeway/shared/testing";
import { startNativeIssuer, type NativeIssuer } from "@breezeway/test-support/native-issuer";
import { createSessionForTesting, memoryStorage } from "../src/testing.ts";
import type { ClientSession, ClientSessionOptions } from "../src/index.ts";

export interface NativePlatform extends AsyncDisposable {
  readonly issuer: NativeIssuer["issuer"];
  readonly clock: TestClock;
  /** What the secure store holds. */
  readonly stored: Map<string, string>;
  /** Requests to the issuer as `METHOD /path`. */
  readonly requests: string[];
  /** No request reaches the issuer. */
  isOffline: boolean;
  /** The answer of the next request is lost on its way back. */
  losesAnswer: boolean;
  open(options?: Partial<ClientSessionOptions>): ClientSession;
}

export async function startNativePlatform(): Promise<NativePlatform> {
  const clock = createTestClock({ nowMs: 1_800_000_000_000 });
  const running = await startNativeIssuer(clock);
  const sessions: ClientSession[] = [];
  const platform: NativePlatform = {
    issuer: running.issuer,
    clock,
    stored: new Map(),
    requests: [],
    isOffline: false,
    losesAnswer: false,
    open(options = {}) {
      const session = createSessionForTesting(
        {
          issuer: running.url,
          storage: memoryStorage(platform.stored),
          appId: "orders",
          fetch: (input, init) => send(platform, input, init),
          ...options,
        },
        { clock, random: () => 0 },
      );
      sessions.push(session);
      return session;
    },
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.close();
      await running[Symbol.asyncDispose]();
    },
  };
  return platform;
}

async function send(
  platform: NativePlatform,
  input: string | URL | Request,
  init: RequestInit | undefined,
): Promise<Response> {
  platform.requests.push(
    `${init?.method ?? "GET"} ${new URL(input instanceof Request ? input.url : String(input)).pathname}`,
  );
  if (platform.isOffline) throw new TypeError("no network");
  const response = await fetch(input, init);
  if (!platform.losesAnswer) return response;
  platform.losesAnswer = false;
  await response.arrayBuffer();
  throw new TypeError("connection reset");
}
