/** Puts the parts of a host together: registry, session, tokens, events, frames. */
import {
  BridgeError,
  CHANNEL_LIMITS,
  isBuiltInMethod,
  isMethodName,
  quoted,
  TIMEOUTS,
  type AnyContract,
  type Contract,
  type StateKey,
  type Theme,
} from "@breezeway/shared";
import {
  createAppRegistry,
  type AppRegistry,
  type ManifestInput,
  type RegisteredApp,
} from "@breezeway/shared/schemas";
import {
  createGate,
  createStore,
  systemClock,
  type IncomingCall,
  type Unsubscribe,
} from "@breezeway/shared/channel";
import { checkHostOptions, checkMountOptions } from "./check-options.ts";
import { createHostInstallations, type SetupListener } from "./installations/host-installations.ts";
import { disposable } from "./disposable.ts";
import { createEventHub } from "./events/host-events.ts";
import { createBuiltIns } from "./guests/built-ins.ts";
import { createHostFetch } from "./guests/host-fetch.ts";
import { createFrameTap } from "./guests/frame-tap.ts";
import { openGuestChannel, type HostMethod } from "./guests/guest-channel.ts";
import { createGuestMount, type GuestMount } from "./guests/guest-mount.ts";
import { composeWelcome } from "./guests/welcome.ts";
import type { Host, HostOptions, MountOptions, TapEvent } from "./host-types.ts";
import { followSession } from "./session/follow-session.ts";
import { createHostSession, identityOf } from "./session/host-session.ts";
import { createIssuerClient, isNotOfIssuer } from "./session/issuer-client.ts";
import { pageVisibility } from "./session/visibility.ts";
import { browserTabs } from "./tabs/browser-tabs.ts";
import { createSurfaces } from "./surfaces/surface-methods.ts";
import type { TokenSource } from "./tokens/token-source.ts";
import { createFrameTokenSource } from "./tokens/frame-token-source.ts";
import { createTokenRegistry } from "./tokens/token-registry.ts";

/**
 * A host: the page that holds the session and shows apps in frames.
 *
 * @throws {BridgeError} CONFIG_INVALID, MANIFEST_INVALID
 *
 * @example
 * const host = createHost({ issuerUrl: "/auth", gatewayUrl: "https://api.example", apps });
 * host.mount("orders", { container: document.querySelector("main")! });
 */
export function createHost<C extends Contract = AnyContract>(options: HostOptions<C>): Host<C> {
  checkHostOptions(options);
  const clock = options.clock ?? systemClock();
  const apps = isRegistry(options.apps) ? options.apps : createAppRegistry(options.apps);
  const limits = { ...CHANNEL_LIMITS, ...options.limits };
  const gatewayUrl =
    options.gatewayUrl === undefined ? null : absolute("gatewayUrl", options.gatewayUrl);
  const methods = methodMap(options.methods ?? {}, options.contract);
  const report: NonNullable<HostOptions["onError"]> =
    options.onError ?? ((error) => reportError(error));
  const issuerUrl = issuerBase(options);
  const fetchWith = options.fetch ?? fetch.bind(globalThis);
  const tabs = options.tabs ?? browserTabs(issuerUrl);
  const client = createIssuerClient({
    issuerUrl,
    fetch: fetchWith,
    exclusively: (name, work) => tabs.exclusively(name, work),
  });
  const session = createHostSession(
    client,
    (message) => tabs.post(message),
    (cause) => {
      if (!isNotOfIssuer(cause)) return;
      const message = `createHost: issuerUrl: no issuer answers at ${issuerUrl}.`;
      report(new BridgeError("CONFIG_INVALID", message, { cause }));
    },
  );
  const tokens = createTokenRegistry({
    mint: (appId, proofKeyThumbprint) => client.mint(appId, proofKeyThumbprint),
    identity: () => (session.current ? identityOf(session.current) : undefined),
    clock,
    random: options.random ?? Math.random,
    tabs,
    visibility: options.visibility ?? pageVisibility(),
  });
  const mounts = new Set<GuestMount>();
  const taps = new Set<(event: TapEvent) => void>();
  const context = createStore<unknown>(options.context);
  const theme = createStore<Theme>(options.theme ?? { scheme: "light" });
  const locale = createStore(options.locale ?? "en");
  let isClosed = false;

  const events = createEventHub({
    contract: options.contract,
    *targets(appId) {
      for (const mount of mounts) {
        if (appId === undefined || mount.app.id === appId) yield mount.deliver;
      }
    },
    report: (error, { app }) => report(error, app),
  });

  const pushToAll = (key: StateKey, value: unknown): void => {
    for (const mount of mounts) mount.pushState(key, value);
  };

  const contextOf = ({ context: own, placement }: MountOptions): unknown => {
    const extra = { ...own, ...(placement === undefined ? {} : { placement }) };
    const shared = context.current;
    return isPlain(shared)
      ? { ...shared, ...extra }
      : Object.keys(extra).length > 0
        ? extra
        : shared;
  };

  const isWithheld = (app: RegisteredApp): boolean => options.withholdTokens?.(app) ?? false;
  const hostFetch = createHostFetch({
    gatewayUrl,
    fetch: fetchWith,
    maxBytes: limits.maxMessageBytes,
  });

  const surfaces = createSurfaces({
    apps,
    ui: options.ui ?? {},
    onNavigate: options.onNavigate,
    isUserActive: options.isUserActive ?? isPageActive,
    clock,
    locale: () => locale.current,
    mount: (appId, mountOptions) => mountApp(appId, mountOptions),
  });

  const builtIns = (
    { app, mount }: { readonly app: RegisteredApp; readonly mount: GuestMount },
    own: TokenSource,
    onSetupCompleted: SetupListener | undefined,
  ) =>
    createBuiltIns({
      app,
      surfaces: surfaces.methodsOf(app, mount),
      tokens: own,
      sharedTokens: tokens.of(app.id),
      withholdTokens: isWithheld(app),
      hostFetch,
      onSetupCompleted,
    });

  const mountApp = (
    appId: string,
    mountOptions: MountOptions,
    onSetupCompleted = options.onSetupCompleted,
  ): GuestMount => {
    if (isClosed) throw new BridgeError("CHANNEL_CLOSED", "This host was closed.");
    checkMountOptions(mountOptions);
    const app = apps.get(appId);
    if (app === undefined) {
      throw new BridgeError("APP_UNKNOWN", `No app ${quoted(appId)} is registered.`);
    }
    const appTokens = tokens.of(app.id);
    const receive = createGate(limits, clock);
    const mount = createGuestMount({
      app,
      mount: mountOptions,
      contract: options.contract,
      clock,
      bounds: surfaces.boundsOf(app),
      handshakeTimeoutMs: options.handshakeTimeoutMs ?? TIMEOUTS.handshakeMs,
      contextOf,
      welcome: (hello, settings) =>
        composeWelcome(hello, {
          app,
          session,
          tokens: isWithheld(app) ? undefined : frameTokens.of(hello),
          clock,
          snapshot: () => ({
            context: contextOf(settings()),
            theme: theme.current,
            locale: locale.current,
            gatewayUrl,
          }),
        }),
      open({ hello, port, onEnded }, self) {
        const own = frameTokens.enter(hello);
        return openGuestChannel({
          port,
          app,
          contract: options.contract,
          methods,
          builtIns: builtIns({ app, mount: self }, own, onSetupCompleted),
          context: { app, mount: self },
          limits,
          receive,
          clock,
          tap: createFrameTap({
            appId: app.id,
            mountId: self.id,
            clock,
            listeners: () => taps,
            isIdle: () => taps.size === 0,
            report: (error) => report(error, app),
          }),
          onEvent: (topic, payload) => events.receive(topic, payload, { app, mount: self }),
          retained: (topic) => events.retained(topic, app.id),
          onEnded,
          report: (error) => report(error, app),
        });
      },
      onClosed(closed) {
        frameTokens.close();
        mounts.delete(closed);
      },
    });
    const frameTokens = createFrameTokenSource({
      shared: appTokens,
      bind: (proofKeyThumbprint) => tokens.bound(app.id, proofKeyThumbprint),
      follower: {
        get wantsTokens() {
          return mount.wantsTokens && !isWithheld(app);
        },
        onToken: (grant) => mount.pushState("token", grant),
      },
    });
    mounts.add(mount);
    // So that the first token is on its way while the frame still loads.
    if (app.proofRequired !== true) appTokens.get().catch(() => undefined);
    return mount;
  };

  const installations = createHostInstallations({
    client,
    session,
    apps,
    mount: mountApp,
    onSetupCompleted: options.onSetupCompleted,
    clock,
    report,
  });

  const subscriptions: readonly Unsubscribe[] = [
    followSession({
      session,
      tokens,
      client,
      tabs,
      clock,
      openStream: options.openStream ?? ((url) => new EventSource(url)),
      forgetEvents: () => events.forget(),
      onInstallations: () => installations.changed(),
      push: pushToAll,
    }),
    installations.subscribe(() => tokens.reconsider()),
    context.subscribe(() => {
      for (const mount of mounts) mount.pushContext();
    }),
    theme.subscribe((value) => pushToAll("theme", value)),
    locale.subscribe((value) => pushToAll("locale", value)),
  ];

  return disposable({
    apps,
    session,
    installations,
    event: events.api,
    context,
    theme,
    locale,
    get mounts() {
      return [...mounts] as unknown as Host<C>["mounts"];
    },
    mount: (appId, mountOptions) => mountApp(appId, mountOptions) as Host<C>["mounts"][number],
    tap(listener) {
      taps.add(listener);
      return () => void taps.delete(listener);
    },
    close() {
      isClosed = true;
      for (const unsubscribe of subscriptions) unsubscribe();
      for (const mount of mounts) mount.close();
      tokens.close();
      tabs.close();
      taps.clear();
    },
  });
}

/** With the browser's own fetch the session cookie goes to the page's origin only. */
function issuerBase({ issuerUrl, fetch: own }: Pick<HostOptions, "issuerUrl" | "fetch">): string {
  const url = absolute("issuerUrl", issuerUrl);
  if (own || typeof location === "undefined" || new URL(url).origin === location.origin) return url;
  throw new BridgeError(
    "CONFIG_INVALID",
    `createHost: issuerUrl: must be of this page's origin, ${location.origin}.`,
  );
}

function absolute(option: string, url: string): string {
  const base = typeof document === "undefined" ? undefined : document.baseURI;
  if (URL.canParse(url, base)) return new URL(url, base).href;
  throw new BridgeError("CONFIG_INVALID", `createHost: ${option}: is not a URL.`);
}

/**
 * Activation in a frame activates the pages around it, too, and so would serve every frame of the page.
 * Where the browser tells which document was active as it sent the call, that one must have been.
 */
function isPageActive({ isUserActive }: IncomingCall): boolean {
  return (
    isUserActive !== false &&
    typeof navigator !== "undefined" &&
    "userActivation" in navigator &&
    navigator.userActivation.isActive
  );
}

function isRegistry(apps: AppRegistry | readonly ManifestInput[]): apps is AppRegistry {
  return "byOrigin" in apps;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function methodMap(methods: object, contract: Contract | undefined): Map<string, HostMethod> {
  const map = new Map<string, HostMethod>();
  for (const [name, method] of Object.entries(methods) as [string, unknown][]) {
    const isListed = contract?.methods === undefined || Object.hasOwn(contract.methods, name);
    if (!isMethodName(name) || isBuiltInMethod(name) || !isListed || typeof method !== "function") {
      throw new BridgeError(
        "CONFIG_INVALID",
        `createHost: methods.${name}: ${isListed ? "is not a method of a free, valid name" : "is not in the contract"}.`,
      );
    }
    map.set(name, method as HostMethod);
  }
  return map;
}
