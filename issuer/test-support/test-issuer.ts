/** An issuer for tests, on a store of its own, with a clock that the test moves. */
import { createIssuer, sqliteStore, type Issuer, type IssuerOptions } from "../src/index.ts";

export const ISSUER_URL = "http://localhost:4000/auth";

export const MANIFESTS = [
  {
    id: "orders",
    name: "Orders",
    version: "1.0.0",
    url: "http://127.0.0.1:4010/",
    scopes: ["orders:read", "orders:write"],
  },
  { id: "inspector", name: "Inspector", version: "1.0.0", url: "http://127.0.0.1:4012/" },
];

export const USERS = [
  {
    id: "alice",
    name: "Alice",
    tenants: {
      acme: { scopes: ["orders:read", "orders:write"] },
      globex: { scopes: ["orders:read"] },
    },
  },
  { id: "bob", name: "Bob", tenants: { acme: { scopes: ["orders:read"] } } },
];

export interface TestClock {
  (): number;
  nowMs: number;
  advance(ms: number): void;
}

export function testClock(startMs = 1_800_000_000_000): TestClock {
  const clock = Object.assign(() => clock.nowMs, {
    nowMs: startMs,
    advance(ms: number) {
      clock.nowMs += ms;
    },
  });
  return clock;
}

export function testIssuer(options: Partial<IssuerOptions> = {}): Issuer {
  return createIssuer({
    issuer: ISSUER_URL,
    apps: MANIFESTS,
    store: sqliteStore({ file: ":memory:" }),
    devLogin: { users: USERS },
    ...options,
  });
}

export interface CallOptions {
  readonly method?: string;
  readonly body?: unknown;
  readonly cookie?: string | undefined;
  readonly headers?: Record<string, string>;
  readonly address?: string;
}

/** A request as the host page sends it. */
export function call(
  issuer: Pick<Issuer, "fetch" | "url">,
  path: string,
  { method = "GET", body, cookie, headers = {}, address }: CallOptions = {},
): Promise<Response> {
  const request = new Request(issuer.url + path, {
    method,
    headers: {
      ...(method === "GET" ? {} : { "x-breezeway-request": "1" }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(cookie === undefined ? {} : { cookie }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return issuer.fetch(request, { address });
}

/** The `name=value` part of the cookie that an answer sets. */
export function cookieOf(response: Response): string {
  const [cookie] = response.headers.getSetCookie();
  if (cookie === undefined) throw new Error(`no cookie in an answer of ${response.status}`);
  return cookie.split(";", 1)[0] ?? "";
}

export async function signIn(issuer: Issuer, userId = "alice", tenantId = "acme"): Promise<string> {
  const response = await call(issuer, "/login/dev", { method: "POST", body: { userId, tenantId } });
  if (!response.ok) throw new Error(`sign-in: ${response.status} ${await response.text()}`);
  return cookieOf(response);
}

export async function reasonOf(response: Response): Promise<string> {
  const body = (await response.json()) as { reason?: string };
  return `${response.status} ${body.reason}`;
}
