/** Puts the parts of a host together: registry, session, tokens, events, frames. */
import { BridgeError, type Contract } from "@breezeway/shared";
import type { Unsubscribe } from "@breezeway/shared/channel";
import { createAppRegistry } from "@breezeway/shared/schemas";
import { createFixedApps, endOfMount, type HostApps } from "./apps/host-apps.ts";
import { createAppScopes } from "./apps/app-scopes.ts";
import { createIssuerApps, type IssuerApps } from "./apps/issuer-apps.ts";
import {
  createHostInstallations,
  type HostInstallationsControl,
} from "./installations/host-installations.ts";
import { disposable } from "./disposable.ts";
import { createEventHub, type EventHub } from "./events/host-events.ts";
import { createHostFetch } from "./guests/host-fetch.ts";
import { createHostState, type HostState } from "./guests/host-state.ts";
import { createAppMounter } from "./guests/mount-app.ts";
import { createMountList, type MountList } from "./guests/mount-list.ts";
import { readHostSettings, type HostSettings } from "./host-settings.ts";
import type { Host, HostOptions, HostTestHooks, TapEvent } from "./host-types.ts";
import { followSession } from "./session/follow-session.ts";
import { createHostSession, identityOf, type HostSessionControl } from "./session/host-session.ts";
import { createIssuerClient, isNotOfIssuer, type IssuerClient } from "./session/issuer-client.ts";
import { createSignOuts, type SignOuts } from "./session/sign-outs.ts";
import { createSurfaces } from "./surfaces/surface-methods.ts";
import { mintOfSession } from "./tokens/mint-of-session.ts";
import { createTokenRegistry, type TokenRegistry } from "./tokens/token-registry.ts";

/** @throws {BridgeError} CONFIG_INVALID, MANIFEST_INVALID */
export function startHost<C extends Contract>(
  options: HostOptions<C>,
  hooks: HostTestHooks,
): Host<C> {
  const parts = createParts(readHostSettings(options, hooks));
  const subscriptions = connectParts(parts);
  return hostOf<C>(parts, subscriptions);
}

interface HostParts {
  readonly settings: HostSettings;
  readonly client: IssuerClient;
  readonly session: HostSessionControl;
  readonly signOuts: SignOuts;
  readonly tokens: TokenRegistry;
  readonly apps: HostApps;
  /** `undefined` with the option `apps`. */
  readonly issuerApps: IssuerApps | undefined;
  readonly state: HostState;
  readonly mounts: MountList;
  readonly taps: Set<(event: TapEvent) => void>;
  readonly events: EventHub;
  readonly mountApp: ReturnType<typeof createAppMounter>;
  readonly installations: HostInstallationsControl;
}

/**
 * The issuer mints for a session whose end it could not store.
 *
 * @throws {BridgeError} SIGNED_OUT
 */
async function assertSignedIn(session: HostSessionControl): Promise<void> {
  await session.ready;
  if (session.current === null) throw new BridgeError("SIGNED_OUT", "Nobody is signed in.");
}

type SessionParts = Pick<HostParts, "client" | "signOuts" | "session" | "tokens">;

function createSessionParts(settings: HostSettings): SessionParts {
  const { clock, tabs } = settings;
  const client = createIssuerClient({
    issuerUrl: settings.issuerUrl,
    fetch: settings.fetch,
    exclusively: (name, work) => tabs.exclusively(name, work),
  });
  const signOuts = createSignOuts({ client, clock, memory: settings.signOutMemory });
  const session = createHostSession({
    client,
    signOuts,
    tell: (message) => tabs.post(message),
    onFirstFailed: (cause) => reportNoIssuer(settings, cause),
  });
  const tokens = createTokenRegistry({
    mint: async (appId, proofKeyThumbprint) => {
      if (signOuts.isPending) await assertSignedIn(session);
      return mintOfSession({ session, mint: () => client.mint(appId, proofKeyThumbprint) });
    },
    identity: () => (session.current ? identityOf(session.current) : undefined),
    clock,
    random: settings.random,
    tabs,
    visibility: settings.visibility,
  });
  return { client, signOuts, session, tokens };
}

function createParts(settings: HostSettings): HostParts {
  const { clock, report } = settings;
  const sessionParts = createSessionParts(settings);
  const { client, session, tokens } = sessionParts;
  const issuerApps = settings.apps
    ? undefined
    : createIssuerApps({ client, clock, random: settings.random, report });
  const apps = issuerApps ?? createFixedApps(settings.apps ?? createAppRegistry([]));
  const state = createHostState(settings);
  const mounts = createMountList();
  const taps = new Set<(event: TapEvent) => void>();
  const events = createEventHub({
    contract: settings.contract,
    targets: (appId) => mounts.deliveriesTo(appId),
    report: (error, { app }) => report(error, app),
  });
  const surfaces = createSurfaces({
    apps,
    ui: settings.ui,
    onNavigate: settings.onNavigate,
    isUserActive: settings.isUserActive,
    clock,
    locale: () => state.locale.current,
    scopes: createAppScopes({ client, session, tokens, clock }),
  });
  const hostFetch = createHostFetch({
    gatewayUrl: settings.gatewayUrl,
    fetch: settings.fetch,
    maxBytes: settings.limits.maxBinaryBytes,
    maxHeldBytes: settings.limits.maxBytesInFlight,
  });
  const mountApp = createAppMounter({
    settings,
    apps,
    session,
    tokens,
    events,
    state,
    surfaces,
    hostFetch,
    mounts,
    taps,
  });
  const installations = createHostInstallations({
    client,
    session,
    apps,
    mount: mountApp,
    onSetupCompleted: settings.onSetupCompleted,
    clock,
    report,
  });
  return {
    settings,
    ...sessionParts,
    apps,
    issuerApps,
    state,
    mounts,
    taps,
    events,
    mountApp,
    installations,
  };
}

/** Says once why nobody is signed in, when something else than an issuer answers at `issuerUrl`. */
function reportNoIssuer({ issuerUrl, report }: HostSettings, cause: unknown): void {
  if (!isNotOfIssuer(cause)) return;
  const message = `createHost: issuerUrl: no issuer answers at ${issuerUrl}.`;
  report(new BridgeError("CONFIG_INVALID", message, { cause }));
}

/** Passes on what changes: session, rights, context, theme, locale. */
function connectParts(parts: HostParts): readonly Unsubscribe[] {
  const { settings, session, tokens, client, mounts, events, state, installations } = parts;
  const { apps, issuerApps } = parts;
  issuerApps?.refresh();
  return [
    () => parts.signOuts.stop(),
    () => issuerApps?.stop(),
    apps.subscribe(() => {
      for (const mount of mounts.all) {
        const reason = endOfMount(apps, mount.app);
        if (reason) mount.end(reason);
      }
      // A denied token may be granted now.
      tokens.reconsider();
    }),
    followSession({
      session,
      tokens,
      client,
      tabs: settings.tabs,
      clock: settings.clock,
      openStream: settings.openStream,
      forgetEvents: () => events.forget(),
      onInstallations: () => installations.changed(),
      onApps:
        issuerApps && ((when) => (when === "now" ? issuerApps.refresh() : issuerApps.changed())),
      push: (key, value) => mounts.pushState(key, value),
    }),
    installations.subscribe(() => tokens.reconsider()),
    state.context.subscribe(() => mounts.pushContext()),
    state.theme.subscribe((value) => mounts.pushState("theme", value)),
    state.locale.subscribe((value) => mounts.pushState("locale", value)),
  ];
}

function hostOf<C extends Contract>(
  parts: HostParts,
  subscriptions: readonly Unsubscribe[],
): Host<C> {
  const { settings, session, tokens, state, mounts, taps, events, mountApp, installations } = parts;
  return disposable<Host<C>>({
    apps: parts.apps,
    session,
    installations,
    event: events.api,
    context: state.context,
    theme: state.theme,
    locale: state.locale,
    get mounts() {
      return mounts.all as unknown as Host<C>["mounts"];
    },
    mount: (appId, options) => mountApp(appId, options) as Host<C>["mounts"][number],
    tap(listener) {
      taps.add(listener);
      return () => void taps.delete(listener);
    },
    close() {
      for (const unsubscribe of subscriptions) unsubscribe();
      mounts.close();
      tokens.close();
      settings.tabs.close();
      taps.clear();
    },
  });
}
