/**
 * An issuer in memory for the tests of a host: it answers the requests that a host makes and holds
 * the host's clock. Its tokens decode like real ones and are signed by nobody.
 */
import { BridgeError, toProblem, TOKEN_LIMITS, type ErrorCode } from "@breezeway/shared";
import type { Installation, SessionSummary } from "@breezeway/shared/schemas";
import { randomId } from "@breezeway/shared/channel";
import {
  createIssuerCore,
  createTestClock,
  nextTask,
  type TestClock,
} from "@breezeway/shared/testing";
import type { HostOptions, HostTestHooks } from "../host-types.ts";
import type { SessionEventStream } from "../session/session-events.ts";
import { soloTabs } from "../tabs/tabs.ts";
import { createTestInstallations, type TestInstallationState } from "./test-installations.ts";

export interface TestIssuerOptions {
  /** Who is signed in; `null` for nobody. Default: `alice`, who belongs to `acme` and `globex`. */
  readonly session?: Partial<SessionSummary> | null;
  /** Life of a token, in seconds. Default 60. */
  readonly tokenTtlSeconds?: number;
  /** Where the clock starts, epoch milliseconds. Default: the present. */
  readonly nowMs?: number;
  /** Tokens are for installed apps alone, in setup or after it. Default false. */
  readonly installationsRequired?: boolean;
}

export interface TestIssuer {
  /**
   * What a host needs to use this issuer, together with `hooks`:
   * `createHostForTesting({ ...issuer.hostOptions, apps }, issuer.hooks)`.
   */
  readonly hostOptions: Required<Pick<HostOptions, "issuerUrl" | "fetch" | "onError">>;
  readonly hooks: Required<HostTestHooks>;
  readonly session: SessionSummary | null;
  /** Installations of the session's tenant, by app id. */
  readonly installations: readonly Installation[];
  /** App ids in the order in which tokens were minted for them. */
  readonly mints: readonly string[];
  /** Errors that no caller waited for. */
  readonly errors: readonly unknown[];
  readonly clock: TestClock;
  /** Signs somebody in; the host learns of it by `host.session.reload()`, as after a login page. */
  signIn(session?: Partial<SessionSummary>): void;
  /** Ends the session on the server, and tells the host through its event stream. */
  revoke(): void;
  /** Changes claims or scopes on the server, and tells the host. */
  update(change: Partial<Pick<SessionSummary, "claims" | "scopes">>): void;
  /** Requests fail as without a network, until `offline(false)`. */
  offline(isOffline?: boolean): void;
  /**
   * Mints are refused with this code, such as `APP_NOT_ALLOWED`, or requests about installations, such
   * as with `SCOPE_MISSING`; `undefined` ends it.
   */
  refuse(code: ErrorCode | undefined, what?: "tokens" | "installations"): void;
  /**
   * How the call to an app's backend has ended, or whatever else happens to its installation elsewhere,
   * and tells the host. `install` and `uninstall` of a host wait for it in `installing` and
   * `uninstalling`.
   */
  setInstallation(appId: string, next: TestInstallationState): void;
  /** Moves the clock; what falls due happens. */
  advance(ms: number): Promise<void>;
}

type Listener = (event: { readonly data?: unknown }) => void;

const ISSUER_URL = "https://host.test/auth";

export function createTestIssuer(options: TestIssuerOptions = {}): TestIssuer {
  const ttlSeconds = options.tokenTtlSeconds ?? TOKEN_LIMITS.defaultTtlSeconds;
  const clock = createTestClock({
    ...(options.nowMs === undefined ? {} : { nowMs: options.nowMs }),
    // A request of the host is a few promises, a message to a guest one task.
    settle: async () => {
      await nextTask();
      await nextTask();
    },
  });
  const errors: unknown[] = [];
  const streams = new Set<Map<string, Listener>>();
  let isOffline = false;

  const core = createIssuerCore({ clock, issuerUrl: ISSUER_URL, ttlSeconds });

  const announce = (event: string, data: unknown = {}): void => {
    for (const stream of streams) stream.get(event)?.({ data: JSON.stringify(data) });
  };

  const installations = createTestInstallations({
    nowSeconds: () => Math.floor(clock.now() / 1000),
    session: () => core.signedIn(),
    changed: () => announce("installations-changed"),
  });

  const assertAdmitted = (appId: string): void => {
    if (options.installationsRequired !== true || core.refusal !== undefined) return;
    const { state } =
      installations.list(core.signedIn().tenantId).find((each) => each.appId === appId) ?? {};
    if (state === "setup" || state === "installed") return;
    throw new BridgeError("APP_NOT_ALLOWED", "The app is not installed.");
  };

  const answer = (route: string, body: Readonly<Record<string, unknown>>): unknown => {
    switch (route) {
      case "GET /auth/session":
        return core.signedIn();
      case "POST /auth/session/token": {
        const { appId, proofKeyThumbprint: jkt } = body;
        assertAdmitted(String(appId));
        const key = typeof jkt === "string" ? jkt : undefined;
        const { token, expiresAtSeconds } = core.mint(String(appId), key);
        return { token, expiresAt: expiresAtSeconds };
      }
      case "POST /auth/session/refresh":
        return core.signedIn();
      case "POST /auth/session/tenant": {
        const tenantId = String(body["tenantId"]);
        if (!core.signedIn().tenants.includes(tenantId)) {
          throw new BridgeError("TENANT_NOT_ALLOWED", "The user does not belong to this tenant.");
        }
        core.update({ tenantId });
        return core.signedIn();
      }
      case "DELETE /auth/session":
        core.signedIn();
        core.signOut();
        return {};
      default: {
        const answered = installations.answer(route, body);
        if (answered) return answered;
        throw new BridgeError("ROUTE_UNKNOWN", "The test issuer has nothing at this path.");
      }
    }
  };

  const fetchFromIssuer: typeof fetch = async (input, init) => {
    const request = new Request(input, { ...init, redirect: "follow" });
    if (isOffline) throw new TypeError("The test issuer was told to be offline.");
    const text = await request.text();
    const body = (text === "" ? {} : JSON.parse(text)) as Readonly<Record<string, unknown>>;
    try {
      return Response.json(answer(`${request.method} ${new URL(request.url).pathname}`, body));
    } catch (error) {
      const problem = toProblem(error, { requestId: randomId() });
      return new Response(problem.body, { status: problem.status, headers: problem.headers });
    }
  };

  const openStream = (): SessionEventStream => {
    const listeners = new Map<string, Listener>();
    streams.add(listeners);
    return {
      readyState: 1,
      addEventListener: (type, listener) => void listeners.set(type, listener),
      close: () => void streams.delete(listeners),
    };
  };

  if (options.session !== null) core.signIn(options.session);

  return {
    hostOptions: {
      issuerUrl: ISSUER_URL,
      fetch: fetchFromIssuer,
      onError: (error) => void errors.push(error),
    },
    hooks: {
      clock,
      // Always half of the jitter.
      random: () => 0.5,
      openStream,
      tabs: soloTabs(),
      visibility: { isVisible: true, onVisible: () => () => undefined },
    },
    get session() {
      return core.session.current;
    },
    get installations() {
      const { current } = core.session;
      return current ? installations.list(current.tenantId) : [];
    },
    get mints() {
      return core.minted.map(({ appId }) => appId);
    },
    errors,
    clock,
    signIn: (session) => core.signIn(session),
    revoke() {
      core.signOut();
      announce("revoked");
    },
    update(change) {
      core.update(change);
      announce("claims-changed");
    },
    offline(value = true) {
      isOffline = value;
    },
    refuse(code, what = "tokens") {
      if (what === "installations") installations.refuse(code);
      else core.refusal = code;
    },
    setInstallation(appId, next) {
      installations.set({ appId, tenantId: core.signedIn().tenantId }, next);
    },
    advance: (ms) => clock.advance(ms),
  };
}
