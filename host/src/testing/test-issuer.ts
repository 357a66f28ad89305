/**
 * An issuer in memory for the tests of a host. It answers the host's requests and has the host's clock. Its tokens decode like real ones but have no valid signature.
 */
import { BridgeError, toProblem, TOKEN_LIMITS, type ErrorCode } from "@breezeway/shared";
import {
  STABLE,
  type AppVersion,
  type Installation,
  type ManifestInput,
  type SessionDevice,
  type SessionSummary,
  type TenantApp,
} from "@breezeway/shared/schemas";
import { randomId } from "@breezeway/shared/channel";
import {
  createIssuerCore,
  createTestClock,
  nextTask,
  type IssuerCore,
  type TestClock,
} from "@breezeway/shared/testing";
import type { HostOptions, HostTestHooks } from "../host-types.ts";
import type { SessionEventStream } from "../session/session-events.ts";
import { shortSignOutMemory } from "../session/sign-out-memory.ts";
import { soloTabs } from "../tabs/tabs.ts";
import { createTestGrants } from "./test-grants.ts";
import { createTestDevices, type TestDevices } from "./test-devices.ts";
import {
  createTestInstallations,
  type TestInstallations,
  type TestInstallationState,
} from "./test-installations.ts";

export interface TestIssuerOptions {
  /** Who is signed in; `null` for nobody. Default: `alice`, who belongs to `acme` and `globex`. */
  readonly session?: Partial<SessionSummary> | null;
  /** Lifetime of a token in seconds. Default: 60. */
  readonly tokenTtlSeconds?: number;
  /** The clock's first time in epoch milliseconds. Default: the present. */
  readonly nowMs?: number;
  /** Mints tokens only for installed apps, in setup or after it. Default: `false`. */
  readonly installationsRequired?: boolean;
  /** `required`: an app has the scopes that the tenant grants. Default: those of its manifest. */
  readonly consent?: "required";
}

export interface TestIssuer {
  /**
   * What a host needs to use this issuer, together with `hooks`:
   * `createHostForTesting({ ...issuer.hostOptions, apps }, issuer.hooks)`.
   */
  readonly hostOptions: Required<Pick<HostOptions, "issuerUrl" | "fetch" | "onError">>;
  readonly hooks: Required<HostTestHooks>;
  readonly session: SessionSummary | null;
  /** What the issuer has for hosts without the option `apps`. Starts with none. */
  readonly apps: TestApps;
  /** Installations of the session's tenant, by app id. */
  readonly installations: readonly Installation[];
  /** The app id of each minted token, in order. */
  readonly mints: readonly string[];
  /** Errors that no caller waited for. */
  readonly errors: readonly unknown[];
  readonly clock: TestClock;
  /** Signs a user in. Call `host.session.reload()` then, as after a login page. */
  signIn(session?: Partial<SessionSummary>): void;
  /**
   * Adds a session of the same user, for `host.session.devices()`. Default: an unknown device in the active
   * tenant, now.
   *
   * @returns its handle
   */
  signInElsewhere(given?: Partial<Omit<SessionDevice, "isCurrent">>): string;
  /** Ends the session on the server, and notifies the host through its event stream. */
  revoke(): void;
  /** Changes claims or scopes on the server, and notifies the host. */
  update(change: Partial<Pick<SessionSummary, "claims" | "scopes">>): void;
  /** Makes requests fail as without a network, until `offline(false)`. */
  offline(isOffline?: boolean): void;
  /**
   * Refuses mints with this code, such as `APP_NOT_ALLOWED`, or what administrators do with installations and grants,
   * such as with `SCOPE_MISSING`, until it is called with `undefined`.
   */
  refuse(code: ErrorCode | undefined, what?: "tokens" | "installations"): void;
  /**
   * Sets the state of an installation, such as after a call to the app's backend, and notifies the host.
   * After `install` and `uninstall` of the host, the installation stays `installing` or `uninstalling`
   * until the test calls this.
   */
  setInstallation(appId: string, next: TestInstallationState): void;
  /** Moves the clock and runs the timers that are due. */
  advance(ms: number): Promise<void>;
}

/** Apps of the session's tenant. Each call notifies the host, which asks for its apps within two seconds. */
export interface TestApps {
  /** Adds or replaces an app. */
  put(manifest: ManifestInput): void;
  remove(appId: string): void;
  suspend(appId: string, reason: string): void;
  resume(appId: string): void;
  /** Puts the tenant on a channel of the app, or on `stable`. */
  setChannel(appId: string, channel: string): void;
}

type Listener = (event: { readonly data?: unknown }) => void;

const ISSUER_URL = "https://host.test/auth";

export function createTestIssuer(options: TestIssuerOptions = {}): TestIssuer {
  const ttlSeconds = options.tokenTtlSeconds ?? TOKEN_LIMITS.defaultTtlSeconds;
  const clock = createTestClock({
    ...(options.nowMs === undefined ? {} : { nowMs: options.nowMs }),
    // A request of the host takes a few promises, a message to a guest one task.
    settle: async () => {
      await nextTask();
      await nextTask();
    },
  });
  const errors: unknown[] = [];
  const network = { isOffline: false };
  const core = createIssuerCore({ clock, issuerUrl: ISSUER_URL, ttlSeconds });
  const streams = createStreams();
  const nowSeconds = (): number => Math.floor(clock.now() / 1000);
  const session = (): SessionSummary => core.signedIn();
  const grants = createTestGrants({ nowSeconds, session });
  const installations = createTestInstallations({
    nowSeconds,
    session,
    grants,
    changed: () => streams.announce("installations-changed"),
  });
  const devices = createTestDevices({ nowSeconds, session });
  const isRequired = options.installationsRequired ?? false;
  const grantedTo = (appId: string): readonly string[] | null =>
    options.consent === "required" ? grants.of(appId) : null;
  const apps = createApps(() => streams.announce("apps-changed"), grantedTo);

  if (options.session !== null) core.signIn(options.session);

  return {
    hostOptions: {
      issuerUrl: ISSUER_URL,
      fetch: createFetch(network, createRoutes({ core, installations, devices, apps, isRequired })),
      onError: (error) => void errors.push(error),
    },
    hooks: {
      clock,
      // Always half of the jitter.
      random: () => 0.5,
      openStream: () => streams.open(),
      tabs: soloTabs(),
      visibility: { isVisible: true, onVisible: () => () => undefined },
      signOutMemory: shortSignOutMemory(),
    },
    get session() {
      return core.session.current;
    },
    apps,
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
    signInElsewhere: (given = {}) => devices.add(given),
    revoke() {
      core.signOut();
      streams.announce("revoked");
    },
    update(change) {
      core.update(change);
      streams.announce("claims-changed");
    },
    offline(value = true) {
      network.isOffline = value;
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

/** @param grantedTo The scopes that an app has; `null` when nobody needs to grant any. */
function createApps(
  changed: () => void,
  grantedTo: (appId: string) => readonly string[] | null,
): RoutesDeps["apps"] {
  const apps = new Map<string, ManifestInput>();
  const reasons = new Map<string, string>();
  const channels = new Map<string, string>();
  const then = (change: unknown): void => {
    if (change !== false) changed();
  };
  return {
    put: (manifest) => then(apps.set(manifest.id, manifest)),
    remove: (appId) => then(apps.delete(appId)),
    suspend: (appId, reason) => then(reasons.set(appId, reason)),
    resume: (appId) => then(reasons.delete(appId)),
    setChannel: (appId, channel) => then(channels.set(appId, channel)),
    list: () =>
      [...apps.values()].map((manifest) => {
        const reason = reasons.get(manifest.id);
        const { channels: _, ...rest } = manifest;
        return {
          manifest: rest,
          page: pageOf(manifest, channels.get(manifest.id) ?? STABLE),
          suspended: reason === undefined ? null : { reason },
          granted: grantedTo(manifest.id),
        };
      }),
  };
}

function pageOf({ url, version, channels = {} }: ManifestInput, channel: string): AppVersion {
  return { channel, version, url, ...channels[channel] };
}

interface Streams {
  open(): SessionEventStream;
  announce(event: string): void;
}

function createStreams(): Streams {
  const streams = new Set<Map<string, Listener>>();
  return {
    open() {
      const listeners = new Map<string, Listener>();
      streams.add(listeners);
      return {
        readyState: 1,
        addEventListener: (type, listener) => void listeners.set(type, listener),
        close: () => void streams.delete(listeners),
      };
    },
    announce(event) {
      for (const stream of streams) stream.get(event)?.({ data: "{}" });
    },
  };
}

type Body = Readonly<Record<string, unknown>>;
type Route = (body: Body) => unknown;

interface RoutesDeps {
  readonly core: IssuerCore;
  readonly installations: TestInstallations;
  readonly devices: TestDevices;
  readonly apps: TestApps & { readonly list: () => readonly TenantApp[] };
  readonly isRequired: boolean;
}

function createRoutes({
  core,
  installations,
  devices,
  apps,
  isRequired,
}: RoutesDeps): (route: string, body: Body) => unknown {
  const assertAdmitted = (appId: string): void => {
    if (!isRequired || core.refusal !== undefined) return;
    const all = installations.list(core.signedIn().tenantId);
    const state = all.find((each) => each.appId === appId)?.state;
    if (state === "setup" || state === "installed") return;
    throw new BridgeError("APP_NOT_ALLOWED", "The app is not installed.");
  };

  const routes = new Map<string, Route>([
    ["GET /auth/session", () => core.signedIn()],
    ["GET /auth/apps", () => ({ apps: core.session.current ? apps.list() : [] })],
    [
      "POST /auth/session/token",
      ({ appId, proofKeyThumbprint: jkt }) => {
        assertAdmitted(String(appId));
        const key = typeof jkt === "string" ? jkt : undefined;
        const { token, expiresAtSeconds } = core.mint(String(appId), key);
        return { token, expiresAt: expiresAtSeconds };
      },
    ],
    ["POST /auth/session/refresh", () => core.signedIn()],
    [
      "POST /auth/session/tenant",
      (body) => {
        const tenantId = String(body["tenantId"]);
        if (!core.signedIn().tenants.includes(tenantId)) {
          throw new BridgeError("TENANT_NOT_ALLOWED", "The user does not belong to this tenant.");
        }
        core.update({ tenantId });
        return core.signedIn();
      },
    ],
    [
      "DELETE /auth/session",
      () => {
        core.signedIn();
        core.signOut();
        return {};
      },
    ],
  ]);

  return (name, body) => {
    const route = routes.get(name);
    const response = route
      ? route(body)
      : (devices.answer(name, body) ?? installations.answer(name, body));
    if (response !== undefined) return response;
    throw new BridgeError("ROUTE_UNKNOWN", `The test issuer has no endpoint ${name}.`);
  };
}

function createFetch(
  network: { readonly isOffline: boolean },
  answer: (route: string, body: Body) => unknown,
): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, { ...init, redirect: "follow" });
    if (network.isOffline) throw new TypeError("The test made the network fail.");
    const text = await request.text();
    const body = (text === "" ? {} : JSON.parse(text)) as Body;
    try {
      return Response.json(answer(`${request.method} ${new URL(request.url).pathname}`, body));
    } catch (error) {
      const problem = toProblem(error, { requestId: randomId() });
      return new Response(problem.body, { status: problem.status, headers: problem.headers });
    }
  };
}
