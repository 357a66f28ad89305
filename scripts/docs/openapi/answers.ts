/** How each answer that `docs/openapi.yaml` lists comes about, on issuers that run. */
import { expect, vi } from "vitest";
import { sqliteStore, type IssuerOptions } from "../../../issuer/src/index.ts";
import { createLocalVault } from "../../../issuer/src/keys/local-vault.ts";
import { ALICE, BOB, serveIssuerWith, type ServedIssuer } from "../../test-support/issuers.ts";

/** One documented answer. */
export interface Case {
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly status: string;
  readonly type: string;
  readonly reason: string;
  readonly headers: readonly string[];
  readonly pointer: string;
}

const opened = new AsyncDisposableStack();
const serve = async (...options: Parameters<typeof serveIssuerWith>): Promise<ServedIssuer> =>
  opened.use(await serveIssuerWith(...options));

/** One with every option, and nothing wrong with it. */
export let normal: ServedIssuer;
let cookie: string;

export async function openIssuers(): Promise<void> {
  normal = await serve();
  await normal.issuer.apps.suspend("paused", { reason: "Under review" });
  cookie = await cookieAt(normal);
}

export function closeIssuers(): Promise<void> {
  return opened.disposeAsync();
}

interface Sent {
  readonly cookie?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
}

type At = Pick<Case, "method" | "path">;

/** A request as the host's page sends it, with the given changes. */
export function send(
  { issuer }: ServedIssuer,
  { method, path }: At,
  sent: Sent = {},
): Promise<Response> {
  const { body = BODIES[`${method} ${path}`], headers, query = "" } = sent;
  return fetch(`${issuer.url}${path}${query}`, {
    method,
    redirect: "manual",
    headers: {
      ...(method === "GET" ? {} : { "x-breezeway-request": "1" }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...("cookie" in sent
        ? sent.cookie === undefined
          ? {}
          : { cookie: sent.cookie }
        : { cookie }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const INSTALLATION = { appId: "guided", tenantId: "acme" };
const BODIES: Readonly<Record<string, object>> = {
  "POST /session/token": { appId: "orders" },
  "POST /session/tenant": { tenantId: "acme" },
  "POST /session/devices/end": { others: true },
  "POST /login/dev": { userId: "alice", tenantId: "acme" },
  "POST /installations/grant": { ...INSTALLATION, scopes: ["orders:read"] },
  "POST /installations/wish": { ...INSTALLATION, scopes: ["orders:read"] },
  "POST /installations/install": INSTALLATION,
  "POST /installations/uninstall": { appId: "orders", tenantId: "acme" },
  "POST /installations/retry": { appId: "orders", tenantId: "acme" },
  "POST /installations/setup-completed": INSTALLATION,
};

async function cookieAt({ issuer }: ServedIssuer, user: object = ALICE): Promise<string> {
  const { setCookie } = await issuer.sessions.create(user as typeof ALICE);
  return setCookie.split(";", 1)[0] ?? "";
}

/** The cookie that a sign-in or a rotation has set. */
function newCookie(answer: Response): string {
  return answer.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
}

/** Answers that every endpoint gives for the same cause, by reason. */
const BY_REASON: Readonly<Record<string, (at: Case) => Promise<Response>>> = {
  "session-missing": (at) => send(normal, at, { cookie: undefined }),
  async "session-revoked"(at) {
    const { session, setCookie } = await normal.issuer.sessions.create(ALICE);
    await normal.issuer.sessions.revoke(session.handle);
    return send(normal, at, { cookie: setCookie.split(";", 1)[0] });
  },
  async "session-expired"(at) {
    const brief = await once("brief", { sessions: { idleSeconds: 1 } });
    const { session, setCookie } = await brief.issuer.sessions.create(ALICE);
    await expect.poll(() => brief.issuer.sessions.get(session.handle)).toBeUndefined();
    return send(brief, at, { cookie: setCookie.split(";", 1)[0] });
  },
  async "refresh-reused"(at) {
    const strict = await once("strict", { sessions: { graceSeconds: 0 } });
    const first = await cookieAt(strict);
    await send(strict, { method: "POST", path: "/session/refresh" }, { cookie: first });
    await nextMillisecond();
    return send(strict, at, { cookie: first });
  },
  "csrf-rejected": (at) =>
    send(normal, at, {
      headers: { "sec-fetch-site": "cross-site", "sec-fetch-dest": "image" },
    }),
  async "rate-limited"(at) {
    const rateLimits = { requestsPerAddress: 1, loginsPerAddress: 1 };
    const limited = await once("limited", { rateLimits });
    await send(limited, at);
    return send(limited, at);
  },
  "headers-too-large": (at) => send(normal, at, { headers: { "x-large": "x".repeat(16_384) } }),
  async "store-unavailable"(at) {
    const closed = await once("closed");
    await closed.issuer.close();
    return send(closed, at);
  },
  "body-too-large": (at) => send(normal, at, { body: { appId: "x".repeat(16_384) } }),
  "request-malformed": (at) =>
    BODIES[at.operation]
      ? send(normal, at, { body: { appId: 7 } })
      : send(normal, at, { cookie: undefined, headers: { "x-breezeway-session": "new" } }),
  async "duplicate-credentials"(at) {
    const native = await once("native", { nativeSessions: true });
    const headers = { "x-breezeway-session": "new" };
    return send(native, at, { cookie: await cookieAt(native), headers });
  },
  "app-suspended": (at) =>
    send(normal, at, { body: { ...BODIES[at.operation], appId: "paused", tenantId: "acme" } }),
  "app-unknown": (at) =>
    send(normal, at, { body: { ...BODIES[at.operation], appId: "nothing", tenantId: "acme" } }),
  async "scope-missing"(at) {
    return send(normal, at, { cookie: await cookieAt(normal, BOB) });
  },
  "tenant-mismatch": (at) =>
    send(normal, at, { body: { ...BODIES[at.operation], appId: "orders", tenantId: "globex" } }),
};

/** One rotation wins each round, and a request gives up after ten. */
async function rotateAtOnce({ method, path }: At): Promise<Response> {
  const { issuer } = normal;
  const own = await cookieAt(normal);
  const body = JSON.stringify(BODIES[`${method} ${path}`] ?? {});
  const headers = {
    "x-breezeway-request": "1",
    "content-type": "application/json",
    cookie: own,
  };
  const answers = await Promise.all(
    Array.from({ length: 40 }, () =>
      issuer.fetch(new Request(issuer.url + path, { method, headers, body })),
    ),
  );
  return answers.find(({ status }) => status === 503) ?? Response.error();
}

const LOGIN = { method: "GET", path: "/login" };

/** Begins a sign-in and lets somebody sign in at the provider; gives the callback's query. */
async function callbackOf(at: ServedIssuer): Promise<{ cookie: string; query: string }> {
  // The provider warns about defaults that are good enough here.
  vi.spyOn(console, "info").mockImplementation(() => undefined);
  const begun = await send(at, LOGIN, { cookie: undefined });
  const callback = await at.provider.signIn(begun.headers.get("location") ?? "", "alice");
  return { cookie: newCookie(begun), query: new URL(callback).search };
}

/** What one endpoint alone answers, by operation, status and reason. */
const SPECIAL: Readonly<Record<string, (at: Case) => Promise<Response>>> = {
  async "POST /session/token 403 app-not-allowed"(at) {
    return send(normal, at, { body: { appId: "bound" } });
  },
  "POST /session/token 403 app-suspended": (at) => send(normal, at, { body: { appId: "paused" } }),
  "POST /session/token 404 app-unknown": (at) => send(normal, at, { body: { appId: "nothing" } }),
  async "POST /session/token 500 internal-error"(at) {
    const failing = await once("failing", { claims: () => ({ sub: "mallory" }) });
    return send(failing, at, { cookie: await cookieAt(failing) });
  },
  async "POST /session/token 503 keys-unavailable"(at) {
    const keyless = await once("keyless", { keys: { vault: brokenVault() } });
    return send(keyless, at, { cookie: await cookieAt(keyless) });
  },
  async "POST /session/refresh 200"(at) {
    return send(normal, at, { cookie: await cookieAt(normal) });
  },
  "POST /session/refresh 503 overloaded": rotateAtOnce,
  "POST /session/tenant 503 overloaded": rotateAtOnce,
  async "POST /session/tenant 200"(at) {
    return send(normal, at, { cookie: await cookieAt(normal), body: { tenantId: "globex" } });
  },
  "POST /session/tenant 403 tenant-not-allowed": (at) =>
    send(normal, at, { body: { tenantId: "initech" } }),
  "GET /session/devices 400 request-malformed": (at) =>
    send(normal, at, { query: "?cursor=unknown" }),
  async "POST /session/devices/end 200"(at) {
    // Another user: the other cases use Alice's session.
    return send(normal, at, { cookie: await cookieAt(normal, { ...ALICE, userId: "dora" }) });
  },
  "POST /session/devices/end 404 session-unknown": (at) =>
    send(normal, at, { body: { handle: "unknown" } }),
  async "DELETE /session 204"(at) {
    return send(normal, at, { cookie: await cookieAt(normal) });
  },
  async "GET /session/events 503 overloaded"(at) {
    const own = await cookieAt(normal);
    // Held until the end: an answer that is collected as garbage closes its stream.
    const streams: Response[] = [];
    for (let stream = 0; stream < 32; stream += 1) {
      streams.push(await send(normal, at, { cookie: own }));
    }
    const answer = await send(normal, at, { cookie: own });
    for (const { body } of streams) await body?.cancel();
    return answer;
  },
  "GET /apps 304": (at) => again(normal, at),
  "GET /registry 200": async (at) => send(await guarded(), at, READER),
  "GET /registry 304": async (at) => again(await guarded(), at, READER),
  "GET /registry 401 token-missing": async (at) => send(await guarded(), at),
  "GET /registry 401 token-malformed": async (at) =>
    send(await guarded(), at, { headers: { authorization: "Bearer another" } }),
  async "GET /registry 503 store-unavailable"(at) {
    const closed = await once("guarded and closed", FEED);
    await closed.issuer.close();
    return send(closed, at, READER);
  },
  "GET /revocations 200 text/event-stream": (at) =>
    send(normal, at, { headers: { accept: "text/event-stream" } }),
  "GET /revocations 400 request-malformed": (at) => send(normal, at, { query: "?after=x" }),
  "GET /revocations 401 token-missing": async (at) => send(await guarded(), at),
  "GET /revocations 401 token-malformed": async (at) =>
    send(await guarded(), at, { headers: { authorization: "Bearer another" } }),
  "GET /login 400 request-malformed": (at) =>
    send(normal, at, { query: "?returnTo=https://evil.example" }),
  async "GET /login 502 upstream-unreachable"(at) {
    const apart = await once("apart");
    await apart.provider.close();
    return send(apart, at);
  },
  async "GET /login/callback 303"(at) {
    return send(normal, at, await callbackOf(normal));
  },
  "GET /login/callback 401 login-failed": (at) => send(normal, at, { cookie: undefined }),
  async "GET /login/callback 500 internal-error"(at) {
    const failing = await serve({}, () => {
      throw new Error("the directory does not answer");
    });
    return send(failing, at, await callbackOf(failing));
  },
  async "GET /login/callback 502 upstream-unreachable"(at) {
    const apart = await serve();
    const callback = await callbackOf(apart);
    await apart.provider.close();
    return send(apart, at, callback);
  },
  // The session of the request's cookie would end.
  "POST /login/dev 200": (at) => send(normal, at, { cookie: undefined }),
  async "POST /login/dev 403 tenant-not-allowed"(at) {
    return send(normal, at, { body: { userId: "alice", tenantId: "initech" } });
  },
  "POST /login/dev 404 user-unknown": (at) =>
    send(normal, at, { body: { userId: "nobody", tenantId: "acme" } }),
  async "POST /installations/install 409 installation-conflict"(at) {
    const key = { appId: "leaving", tenantId: "acme" };
    await normal.issuer.installations.install(key);
    await normal.issuer.installations.uninstall(key);
    return send(normal, at, { body: key });
  },
  async "POST /installations/setup-completed 200"(at) {
    await normal.issuer.installations.install(INSTALLATION);
    return send(normal, at);
  },
  "POST /installations/setup-completed 409 installation-conflict": (at) =>
    send(normal, at, { body: { appId: "bound", tenantId: "acme" } }),
  async "GET /health 503 application/json"(at) {
    const store = sqliteStore({ file: ":memory:" });
    const stack = new AsyncDisposableStack();
    const away = await serve({
      store: {
        kind: store.kind,
        async open() {
          const open = await store.open();
          stack.defer(() => open.close());
          return open;
        },
      },
    });
    await stack.disposeAsync();
    return send(away, at);
  },
};

const started = new Map<string, Promise<ServedIssuer>>();

/** An issuer that several cases share. */
function once(
  name: string,
  options: Partial<Omit<IssuerOptions, "issuer">> = {},
): Promise<ServedIssuer> {
  const known = started.get(name) ?? serve(options);
  started.set(name, known);
  return known;
}

const FEED_SECRET = "the-own-secret-of-the-feed";
const FEED = { revocations: { secrets: [FEED_SECRET] } };
const READER: Sent = { headers: { authorization: `Bearer ${FEED_SECRET}` } };

/** One whose feed and registry need a secret. */
export function guarded(): Promise<ServedIssuer> {
  return once("guarded", FEED);
}

/** Asks for what it has already got. */
async function again(at: ServedIssuer, asked: At, sent: Sent = {}): Promise<Response> {
  const first = await send(at, asked, sent);
  const headers = { ...sent.headers, "if-none-match": first.headers.get("etag") ?? "" };
  return send(at, asked, { ...sent, headers });
}

type Vault = ReturnType<typeof createLocalVault>;

/** Its keys are there, and cannot sign. */
function brokenVault(): Vault {
  return {
    ...createLocalVault(),
    open: () =>
      Promise.resolve({
        sign() {
          throw new Error("the vault does not answer");
        },
      }),
  };
}

async function nextMillisecond(): Promise<void> {
  const before = Date.now();
  await expect.poll(() => Date.now(), { interval: 1 }).toBeGreaterThan(before);
}

/** Makes an endpoint give the answer. @throws {Error} when nobody knows how */
export function provoke(at: Case): Promise<Response> {
  const { operation, status, reason, type } = at;
  const names = [`${operation} ${status} ${reason || type}`, `${operation} ${status}`];
  const special = names.map((name) => SPECIAL[name]).find((found) => found !== undefined);
  if (special) return special(at);
  if (reason !== "") {
    const general = BY_REASON[reason];
    if (!general) throw new Error(`Nothing makes ${operation} answer ${status} ${reason}.`);
    return general(at);
  }
  return send(normal, at);
}
