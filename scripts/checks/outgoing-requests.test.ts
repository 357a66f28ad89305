/**
 * Every request that a package sends to another party, against a server that answers without end and one
 * that does not answer. A package that sends a new one adds it here.
 */
import { once } from "node:events";
import { readFile, glob } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import { join } from "node:path";
import { systemClock } from "@breezeway/shared";
import { listen } from "@breezeway/test-support/listen";
import { claimsAt, createSigner } from "@breezeway/test-support/signer";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { inspectGuest } from "../../cli/src/dev/inspect-guest.ts";
import { createSession } from "../../client/src/index.ts";
import { memoryStorage } from "../../client/src/testing.ts";
import { createRegistryFollower } from "../../gateway/src/registry/registry-follower.ts";
import { resolveHostOrigins } from "../../guest/src/config/host-origins.ts";
import { createIssuerClient } from "../../host/src/session/issuer-client.ts";
import { createIssuer, sqliteStore, type Issuer } from "../../issuer/src/index.ts";
import { callBackend } from "../../issuer/src/installations/backend-call.ts";
import { createGuardedFetch } from "../../issuer/src/installations/guarded-fetch.ts";
import { refusedAddresses } from "../../issuer/src/installations/refused-addresses.ts";
import { createRevocationFeed, createSessionVerifier } from "../../verify/src/index.ts";
import { ROOT } from "../suite/root.ts";

/** Far below what the server would send, and above what sockets and decoders hold back. */
const MAX_SENT_BYTES = 48 * 1024 * 1024;
const WOULD_SEND_BYTES = 200 * 1024 * 1024;
const SECRET = "s".repeat(64);
/** Longer than reading all of it takes. */
const PATIENT_MS = 20_000;
const WAIT_MS = 300;

interface Outgoing {
  readonly request: string;
  readonly files: readonly string[];
  /** The path of the answer that has no end. Default: every path. */
  readonly path?: string;
  /** Sends the request and gives what came of it; never rejects. Waits this long where that is an option. */
  readonly send: (url: string, waitMs: number) => Promise<unknown>;
  readonly outcome: unknown;
}

const OIDC = "issuer/src/login/oidc-client.ts";
const OUTGOING: readonly Outgoing[] = [
  {
    request: "a verifier for the key set",
    files: ["verify/src/keys/fetch-jwks.ts"],
    send: async (url) => {
      const jwks = `${url}/jwks.json`;
      const issuer = "https://issuer.example";
      const verifier = createSessionVerifier({ issuer, audience: "orders", jwks });
      const token = createSigner("key-1").sign(claimsAt(Date.now() / 1_000));
      const outcome = await codeOf(verifier.verify(token));
      verifier.close();
      return outcome;
    },
    outcome: "KEYS_UNAVAILABLE",
  },
  {
    request: "a verifier for the revocation feed",
    files: ["verify/src/revocation/event-stream.ts"],
    send: async (url, maxSilenceMs) => {
      const failed = Promise.withResolvers<string>();
      const feed = createRevocationFeed({
        url,
        maxSilenceMs,
        onError: () => failed.resolve("reported"),
      });
      const outcome = await failed.promise;
      feed.close();
      return outcome;
    },
    outcome: "reported",
  },
  {
    request: "a gateway for the app registry",
    files: ["gateway/src/registry/registry-follower.ts"],
    send: async (url) => {
      const failed = Promise.withResolvers<string>();
      const follower = createRegistryFollower({
        url,
        headers: {},
        clock: systemClock(),
        onRegistry: () => failed.resolve("taken"),
        onError: () => failed.resolve("reported"),
        refusalOf: () => undefined,
      });
      follower.refresh();
      const outcome = await failed.promise;
      follower.close();
      return outcome;
    },
    outcome: "reported",
  },
  ...["/.well-known/openid-configuration", "/token", "/userinfo"].map((path) => ({
    request: `an issuer for the OpenID provider's ${path}`,
    files: [OIDC],
    path,
    send: signInAt,
    outcome: expect.stringMatching(/^(?:LOGIN_FAILED|UPSTREAM_UNREACHABLE)$/) as string,
  })),
  {
    request: "an issuer for the backend of an app",
    files: [
      "issuer/src/installations/backend-call.ts",
      "issuer/src/installations/guarded-fetch.ts",
    ],
    send: async (url, timeoutMs) => {
      const fetch = createGuardedFetch(refusedAddresses({ loopback: true, private: true }));
      const { signal } = new AbortController();
      const call = { url, body: "{}", token: "the-token" };
      return (await callBackend(call, { fetch, timeoutMs, signal })).kind;
    },
    outcome: expect.stringMatching(/^(?:done|unavailable)$/) as string,
  },
  {
    request: "a program for its session",
    files: ["client/src/issuer-calls.ts"],
    send: async (issuer, timeoutMs) => {
      const session = createSession({ issuer, storage: memoryStorage(), timeoutMs });
      const outcome = await codeOf(session.signIn({ secret: SECRET }));
      session.close();
      return outcome;
    },
    outcome: expect.stringMatching(/^(?:OFFLINE|DENIED)$/) as string,
  },
  {
    request: "a host for its session",
    files: ["host/src/session/issuer-client.ts"],
    send: (issuerUrl) => {
      const exclusively = <T>(_name: string, work: () => Promise<T>): Promise<T> => work();
      return codeOf(createIssuerClient({ issuerUrl, fetch, exclusively }).session());
    },
    outcome: expect.stringMatching(/^(?:OFFLINE|DENIED)$/) as string,
  },
  {
    request: "a guest for its host origins",
    files: ["guest/src/config/host-origins.ts"],
    send: async (origin) => {
      vi.stubGlobal("location", { origin });
      const nothing = { querySelector: () => null };
      vi.stubGlobal("document", { ...nothing, head: nothing });
      return codeOf(Promise.resolve(resolveHostOrigins(undefined)));
    },
    outcome: "CONFIG_HOST_ORIGINS_MISSING",
  },
  {
    request: "breezeway dev for the page of an app",
    files: ["cli/src/dev/inspect-guest.ts"],
    send: async (url) => {
      const findings = await inspectGuest({ url, hostOrigin: "http://localhost:4000" });
      return findings.length;
    },
    outcome: expect.any(Number) as number,
  },
];

/** Calls of `fetch` whose answer this program itself makes, or hands to its caller as a stream. */
const OTHERS: readonly string[] = [
  "cli/src/serve/start-serve.ts",
  "client/src/client-fetch.ts",
  "guest/src/fetch/bridge-fetch.ts",
  "issuer/src/node/node-handler.ts",
  "issuer/src/node/serve-issuer.ts",
];

function codeOf(action: Promise<unknown>): Promise<unknown> {
  return action.then(
    () => "settled",
    (error: unknown) => (error as { readonly code?: unknown }).code,
  );
}

/** Signs in at a provider up to the answer that is asked for last. */
async function signInAt(provider: string): Promise<unknown> {
  let issuer: Issuer | undefined;
  const url = "http://localhost:4000/auth";
  try {
    issuer = createIssuer({
      issuer: url,
      apps: [],
      store: sqliteStore({ file: ":memory:" }),
      oidc: {
        provider,
        clientId: "breezeway",
        userInfo: true,
        mapUser: ({ sub }) => ({ userId: sub, tenantId: "acme" }),
      },
    });
    const begun = await issuer.fetch(new Request(`${url}/login`));
    if (begun.status !== 303) return await reasonOf(begun);
    const { searchParams } = new URL(begun.headers.get("location") ?? "");
    nonce = searchParams.get("nonce") ?? "";
    const state = searchParams.get("state") ?? "";
    const cookie = begun.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
    const back = `${url}/login/callback?code=x&state=${state}`;
    return await reasonOf(await issuer.fetch(new Request(back, { headers: { cookie } })));
  } finally {
    await issuer?.close();
  }
}

async function reasonOf(answer: Response): Promise<string> {
  const { reason = "signed in" } = (await answer.json()) as { readonly reason?: string };
  return reason.toUpperCase().replaceAll("-", "_");
}

let nonce = "";

/** What a provider answers on the way to the answer under test. */
function preparing(url: string, path: string): object | undefined {
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { iss: url, sub: "u", aud: "breezeway", nonce, iat: nowSeconds };
  switch (path) {
    case "/.well-known/openid-configuration":
      return {
        issuer: url,
        authorization_endpoint: `${url}/authorize`,
        token_endpoint: `${url}/token`,
        userinfo_endpoint: `${url}/userinfo`,
      };
    case "/token":
      return {
        access_token: "access",
        token_type: "bearer",
        id_token: `${part({ alg: "RS256" })}.${part({ ...claims, exp: nowSeconds + 60 })}.AAAA`,
      };
    default:
      return undefined;
  }
}

let stack: AsyncDisposableStack;
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(async () => {
  await stack.disposeAsync();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** Limits of time are seconds in use. All of them go through this function, or are options. */
function waitWith(toMs: (ms: number) => number): void {
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => timeout(toMs(ms)));
}

/** A server whose answers at one path, or at all, come from `hostile`. */
async function serve(path: string | undefined, hostile: (response: ServerResponse) => void) {
  const server = createServer((request, response) => {
    const at = request.url?.split("?", 1)[0] ?? "";
    const answer = path === undefined || at === path ? undefined : preparing(listening.url, at);
    if (answer) response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
    else hostile(response);
  });
  const listening = stack.use(await listen(server));
  return listening.url;
}

describe.each(OUTGOING)("the request of $request", ({ path, send, outcome }) => {
  it("is over soon when the answer has 200 MB, most of which is never read", async () => {
    waitWith((ms) => Math.max(ms, PATIENT_MS));
    const sent: Promise<number>[] = [];
    const url = await serve(path, (response) => void sent.push(flood(response)));
    expect(await send(url, PATIENT_MS)).toEqual(outcome);
    expect(sent.length).toBeGreaterThan(0);
    for (const bytes of await Promise.all(sent)) expect(bytes).toBeLessThan(MAX_SENT_BYTES);
  });

  it("is over after its time limit when no answer comes", async () => {
    waitWith((ms) => Math.min(ms, WAIT_MS));
    const url = await serve(path, () => undefined);
    expect(await send(url, WAIT_MS)).toEqual(outcome);
  });

  it("is over after its time limit when the answer stops in the middle", async () => {
    waitWith((ms) => Math.min(ms, WAIT_MS));
    const url = await serve(path, (response) => response.writeHead(200, HEAD).write('{"a":"'));
    expect(await send(url, WAIT_MS)).toEqual(outcome);
  });
});

const HEAD = { "content-type": "application/json" };

/** Sends as long as somebody reads. @returns the bytes that left */
async function flood(response: ServerResponse): Promise<number> {
  const { req: request, socket } = response;
  const isFeed = request.headers.accept === "text/event-stream";
  response.writeHead(200, isFeed ? { "content-type": "text/event-stream" } : HEAD);
  response.write(isFeed ? "data: " : '{"a":"');
  const closed = once(response, "close");
  const chunk = "x".repeat(65_536);
  for (let left = WOULD_SEND_BYTES; left > 0 && !response.closed; left -= chunk.length) {
    if (!response.write(chunk)) await Promise.race([once(response, "drain"), closed]);
  }
  response.destroy();
  return socket?.bytesWritten ?? 0;
}

it("covers every source file that calls fetch", async () => {
  const found: string[] = [];
  const sources = "{shared,guest,host,client,issuer,verify,gateway,cli}/src/**/*.ts";
  for await (const file of glob(sources, { cwd: ROOT })) {
    if (file.endsWith(".test.ts") || file.includes("/testing")) continue;
    const text = await readFile(join(ROOT, file), "utf8");
    const code = text.replaceAll(/^\s*(?:\*|\/\/|\/\*).*$/gm, "");
    if (/(?<![\w.])(?:(?:options|settings|issuer|globalThis)\.)?fetch\(/.test(code))
      found.push(file);
  }
  const known = [...OUTGOING.flatMap(({ files }) => files), ...OTHERS];
  expect([...new Set(found)].toSorted()).toEqual([...new Set(known)].toSorted());
});
