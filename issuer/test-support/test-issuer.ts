/** An issuer for tests on its own store, with a clock that the test moves. */
import { systemClock, type Clock } from "@breezeway/shared";
import { ISSUER_URL, MANIFESTS, USERS } from "@breezeway/test-support/issuer-fixture";
import { sqliteStore, type Issuer, type IssuerOptions } from "../src/index.ts";
import { createIssuerForTesting, type IssuerTestHooks } from "../src/testing.ts";

/** A wall clock that the test sets. Its timers are the system's. */
export interface TestClock extends Clock {
  nowMs: number;
  /** Sets the wall clock forward or back. No time passes. */
  advance(ms: number): void;
  /** Lets time pass, by the wall clock and by the monotonic one. */
  pass(ms: number): void;
}

export function testClock(startMs = 1_800_000_000_000): TestClock {
  const system = systemClock();
  let passedMs = 0;
  const clock: TestClock = {
    ...system,
    nowMs: startMs,
    monotonic: () => system.monotonic() + passedMs,
    now: () => clock.nowMs,
    advance: (ms) => {
      clock.nowMs += ms;
    },
    pass: (ms) => {
      clock.nowMs += ms;
      passedMs += ms;
    },
  };
  return clock;
}

/** The system's clock with this offset in milliseconds. */
export function shiftedClock(byMs: number | (() => number), base: Clock = systemClock()): Clock {
  const offsetMs = typeof byMs === "number" ? () => byMs : byMs;
  return { ...base, now: () => base.now() + offsetMs() };
}

/**
 * Passes on the errors of an issuer, but not that its clock jumped. The clock of a test jumps on purpose,
 * and the issuer may notice it or not before the test ends.
 */
export function exceptClockJumps(
  onError: NonNullable<IssuerOptions["onError"]>,
): NonNullable<IssuerOptions["onError"]> {
  return (error, ...rest) => {
    if (error instanceof Error && error.message.startsWith("The system clock went")) return;
    onError(error, ...rest);
  };
}

export function testIssuer({
  clock,
  ...options
}: Partial<IssuerOptions> & IssuerTestHooks = {}): Issuer {
  const complete: IssuerOptions = {
    issuer: ISSUER_URL,
    apps: MANIFESTS,
    store: sqliteStore({ file: ":memory:" }),
    devLogin: { users: USERS },
    ...options,
    ...(clock !== undefined && "nowMs" in clock && options.onError !== undefined
      ? { onError: exceptClockJumps(options.onError) }
      : {}),
  };
  return createIssuerForTesting(complete, clock === undefined ? {} : { clock });
}

export interface CallOptions {
  readonly method?: string;
  readonly body?: unknown;
  readonly cookie?: string | undefined;
  readonly headers?: Record<string, string>;
  readonly address?: string;
}

/** Sends a request as the host page does. */
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

/** The `name=value` part of the first cookie that a response sets. */
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
