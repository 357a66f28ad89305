/** Mounts an app: puts together what one frame of one app needs of the host. */
import type { Hello, Welcome } from "@breezeway/shared";
import type { AppVersion, RegisteredApp } from "@breezeway/shared/schemas";
import { createGate, type Gate } from "@breezeway/shared/channel";
import { endOfMount, mountableApp, stableOf, type HostApps } from "../apps/host-apps.ts";
import type { SetupListener } from "../installations/host-installations.ts";
import type { EventHub } from "../events/host-events.ts";
import { parseMountOptions } from "../host-options.ts";
import type { HostSettings } from "../host-settings.ts";
import type { TapEvent } from "../host-types.ts";
import type { MountOptions } from "../mount-types.ts";
import type { HostSession } from "../session/host-session.ts";
import type { Surfaces } from "../surfaces/surface-methods.ts";
import { createFrameTokenSource, type FrameTokenSource } from "../tokens/frame-token-source.ts";
import type { TokenRegistry } from "../tokens/token-registry.ts";
import { createBuiltIns } from "./built-ins.ts";
import { createFrameTap } from "./frame-tap.ts";
import type { WelcomedGuest } from "./frame-documents.ts";
import { openGuestChannel, type GuestChannel } from "./guest-channel.ts";
import { createGuestMount, type GuestMount } from "./guest-mount.ts";
import type { HostFetch } from "./host-fetch.ts";
import type { HostState } from "./host-state.ts";
import type { MountList } from "./mount-list.ts";
import { prepareWelcome } from "./welcome.ts";

export interface AppMounterDeps {
  readonly settings: HostSettings;
  readonly apps: HostApps;
  readonly session: HostSession;
  readonly tokens: TokenRegistry;
  readonly events: EventHub;
  readonly state: HostState;
  readonly surfaces: Surfaces;
  readonly hostFetch: HostFetch;
  readonly mounts: MountList;
  readonly taps: ReadonlySet<(event: TapEvent) => void>;
}

/** @throws {BridgeError} APP_UNKNOWN, APP_SUSPENDED, CONFIG_INVALID, CHANNEL_CLOSED */
export type MountApp = (
  appId: string,
  options: MountOptions,
  onSetupCompleted?: SetupListener,
) => GuestMount;

/** One frame of an app, as it is being put together. */
interface Frame {
  readonly app: RegisteredApp;
  readonly tokens: FrameTokenSource;
  readonly onSetupCompleted: SetupListener | undefined;
  /** One gate for all documents of the frame: a reload does not refill its budget. */
  readonly gate: Gate;
  /** Mounts another page of the same app. */
  readonly mountPage: (options: MountOptions) => GuestMount;
}

export function createAppMounter(deps: AppMounterDeps): MountApp {
  const { settings, apps, tokens, state, surfaces, mounts } = deps;
  const { clock, limits, withholdTokens } = settings;

  return function mountApp(appId, given, onSetupCompleted = settings.onSetupCompleted) {
    mounts.assertOpen();
    const options = parseMountOptions(given);
    const app = mountableApp(apps, appId);
    const frame: Frame = {
      app,
      tokens: createFrameTokenSource({
        hold: () => tokens.hold(app.id),
        bind: (proofKeyThumbprint) => tokens.bound(app.id, proofKeyThumbprint),
      }),
      onSetupCompleted,
      gate: createGate(limits, clock),
      mountPage: (page) => mountApp(app.id, page),
    };
    const mount = createGuestMount({
      app,
      latest: () => latestVersion(apps, app),
      options,
      contract: settings.contract,
      clock,
      handshakeTimeoutMs: settings.handshakeTimeoutMs,
      buckets: surfaces.bucketsOf(app),
      contextOf: (current) => state.contextOf(current),
      statedTheme: () => state.statedTheme,
      welcome: (hello, current) => welcome(deps, frame, { hello, current }),
      openChannel: (guest, self) => openChannel(deps, frame, { guest, mount: self }),
      onLeft(left) {
        frame.tokens.leave();
        mounts.leave(left);
      },
      onReturned(returned) {
        const reason = endOfMount(apps, app);
        if (reason) returned.end(reason);
        else mounts.add(returned);
      },
      onClosed(closed) {
        frame.tokens.close();
        mounts.remove(closed);
      },
    });
    frame.tokens.follow({
      get wantsTokens() {
        return mount.wantsTokens && !withholdTokens(app);
      },
      onToken: (grant) => mount.pushState("token", grant),
    });
    mounts.add(mount);
    // The first token is minted while the frame loads. One that must name a key first can only be later.
    if (app.proofRequired !== true && !withholdTokens(app)) frame.tokens.prefetch();
    return mount;
  };
}

/** An app that was removed or that moved keeps its page: its mounts are about to end. */
function latestVersion(apps: HostApps, app: RegisteredApp): AppVersion {
  const isThere = apps.get(app.id)?.origin === app.origin;
  return (isThere ? apps.versionOf(app.id) : undefined) ?? stableOf(app);
}

function welcome(
  { settings, session, state }: AppMounterDeps,
  { app, tokens }: Frame,
  { hello, current }: { readonly hello: Hello; readonly current: () => MountOptions },
): Promise<() => Welcome> {
  return prepareWelcome(hello, {
    app,
    session,
    tokens: settings.withholdTokens(app) ? undefined : tokens.of(hello),
    clock: settings.clock,
    snapshot: () => ({
      context: state.contextOf(current()),
      theme: state.theme.current,
      locale: state.locale.current,
      gatewayUrl: settings.gatewayUrl,
    }),
  });
}

function openChannel(
  { settings, events, surfaces, hostFetch, taps }: AppMounterDeps,
  frame: Frame,
  { guest, mount }: { readonly guest: WelcomedGuest; readonly mount: GuestMount },
): GuestChannel {
  const { app, mountPage } = frame;
  const { clock } = settings;
  const report = (error: unknown): void => settings.report(error, app);
  const tokens = frame.tokens.enter(guest.hello);
  const withholdTokens = settings.withholdTokens(app);
  return openGuestChannel({
    port: guest.port,
    app,
    contract: settings.contract,
    methods: settings.methods,
    builtIns: createBuiltIns({
      app,
      surfaces: surfaces.methodsOf({
        app,
        mount,
        mountPage,
        tokens: withholdTokens ? frame.tokens.shared : tokens,
      }),
      tokens,
      sharedTokens: frame.tokens.shared,
      withholdTokens,
      hostFetch,
      onSetupCompleted: frame.onSetupCompleted,
    }),
    context: { app, mount },
    limits: settings.limits,
    gate: frame.gate,
    clock,
    tap: createFrameTap({
      appId: app.id,
      version: mount.version,
      mountId: mount.id,
      clock,
      listeners: taps,
      report,
    }),
    onEvent: (topic, payload) => events.receive(topic, payload, { app, mount }),
    retained: (topic) => events.retained(topic, app.id),
    onEnded: guest.onEnded,
    report,
  });
}
