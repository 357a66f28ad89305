/**
 * Methods by which an app acts on the page around it. `SURFACE_RULES` of `@breezeway/shared` says what
 * each method needs.
 *
 * [SF-1] Closed by default: a method needs a capability of the manifest, or acts only on the app's own
 *        frame. A request that the host has no handler for is refused.
 * [SF-2] Arguments are parsed before anything else is read. A path cannot leave its origin.
 * [SF-3] Each app has a token bucket per kind of request, shared by all its frames and documents.
 * [SF-4] The app that asks is taken from the registry's entry of the frame.
 */
import {
  assertCapability,
  assertSurfaceAllowed,
  BridgeError,
  normalPath,
  quoted,
  SURFACE_CAPABILITIES,
  SURFACE_LIMITS,
  SURFACE_RULES,
  type SurfaceBudget,
  type SurfaceMethod,
} from "@breezeway/shared";
import {
  parseConfirm,
  parseNavigate,
  parseOpenModal,
  parseReportPath,
  parseRequestScopes,
  parseResize,
  parseShowToast,
  type AppRegistry,
  type AskedPlace,
  type RegisteredApp,
} from "@breezeway/shared/schemas";
import type { Clock, IncomingCall } from "@breezeway/shared/channel";
import type { AppScopesClient } from "../apps/app-scopes.ts";
import type { FrameBuckets, GuestMount } from "../guests/guest-mount.ts";
import type { HostOptions } from "../host-types.ts";
import type { MountOptions } from "../mount-types.ts";
import { bucketPerApp, type TokenBucket } from "../transport/token-bucket.ts";
import { createDialogs, notOffered, type AssertAllowed } from "./dialogs.ts";
import type { HostUi, NavigationTarget } from "./host-ui.ts";
import { createScopeRequests, type ScopesCaller } from "./scope-requests.ts";

export interface SurfacesDeps {
  readonly apps: AppRegistry;
  readonly ui: HostUi;
  readonly onNavigate: HostOptions["onNavigate"];
  readonly isUserActive: (call: IncomingCall) => boolean;
  readonly clock: Clock;
  readonly locale: () => string;
  readonly scopes: AppScopesClient;
}

/** The frame that asks. */
export interface SurfaceCaller extends ScopesCaller {
  readonly mount: GuestMount;
  /** Mounts another page of the same app, for a modal. */
  readonly mountPage: (options: MountOptions) => GuestMount;
}

export type SurfaceHandler = (call: IncomingCall) => unknown;

export interface Surfaces {
  bucketsOf(app: RegisteredApp): FrameBuckets;
  methodsOf(caller: SurfaceCaller): ReadonlyMap<string, SurfaceHandler>;
}

type Handlers = Readonly<Record<SurfaceMethod, SurfaceHandler>>;

export function createSurfaces(deps: SurfacesDeps): Surfaces {
  const bucketOf = createBuckets(deps.clock);

  const assertAllowed: AssertAllowed = (method, app, call, wasActive) =>
    assertSurfaceAllowed(method, {
      isUserActive: () => wasActive ?? deps.isUserActive(call),
      take: (budget) => bucketOf(budget, app).take(),
    });

  const handlersOf = createHandlers(deps, assertAllowed);

  return {
    bucketsOf: (app) => ({ paths: bucketOf("paths", app), sizes: bucketOf("sizes", app) }),
    methodsOf(caller) {
      const can = canOf(caller.app);
      const methods = Object.entries(handlersOf(caller)) as [SurfaceMethod, SurfaceHandler][];
      return new Map(
        methods.map(([name, handle]) => [
          name,
          (call) => {
            assertCapability(can, `"${name}"`, SURFACE_RULES[name].capability);
            return handle(call);
          },
        ]),
      );
    },
  };
}

function createBuckets(clock: Clock): (budget: SurfaceBudget, app: RegisteredApp) => TokenBucket {
  const { toasts, dialogs, navigations, paths, sizes, scopes } = SURFACE_LIMITS;
  const perApp: Readonly<Record<SurfaceBudget, (app: RegisteredApp) => TokenBucket>> = {
    toasts: bucketPerApp(clock, toasts),
    dialogs: bucketPerApp(clock, dialogs),
    navigations: bucketPerApp(clock, navigations),
    paths: bucketPerApp(clock, paths),
    sizes: bucketPerApp(clock, sizes),
    scopes: bucketPerApp(clock, scopes),
  };
  return (budget, app) => perApp[budget](app);
}

function createHandlers(
  { apps, ui, onNavigate, locale, scopes, isUserActive }: SurfacesDeps,
  assertAllowed: AssertAllowed,
): (caller: SurfaceCaller) => Handlers {
  const dialogs = createDialogs({ ui, locale, assertAllowed });
  const scopeRequests = createScopeRequests({ ui, locale, scopes, isUserActive, assertAllowed });
  return (caller) => {
    const { app, mount } = caller;
    return {
      async navigate(call) {
        const target = targetOf(apps, app, parseNavigate(call.args));
        if (!onNavigate) throw notOffered("navigation");
        assertAllowed("navigate", app, call);
        await onNavigate(target, { app, mount });
      },
      reportPath: ({ args }) => mount.reportPath(parseReportPath(args)),
      resize: ({ args }) => mount.resize(parseResize(args)),
      showToast(call) {
        const toast = parseShowToast(call.args);
        if (!ui.showToast) throw notOffered("toasts");
        assertAllowed("showToast", app, call);
        ui.showToast({ app, ...toast });
      },
      confirm: (call) => dialogs.confirm(app, parseConfirm(call.args), call),
      openModal: (call) => dialogs.openModal(caller, parseOpenModal(call.args), call),
      closeModal: ({ args: [result] }) => dialogs.closeModal(mount, result),
      queryScopes: (call) => scopeRequests.query(app, call),
      requestScopes: (call) => scopeRequests.request(caller, parseRequestScopes(call.args), call),
    };
  };
}

/** @throws {BridgeError} CAPABILITY_MISSING, APP_UNKNOWN */
function targetOf(apps: AppRegistry, app: RegisteredApp, asked: AskedPlace): NavigationTarget {
  if (asked.to === "host") return asked;
  const target = asked.app === undefined ? app : apps.get(asked.app);
  if (target !== app) {
    // Checked before the lookup's result: an app without the capability must not learn app ids.
    assertCapability(canOf(app), '"navigate"', SURFACE_CAPABILITIES.navigateToApps);
  }
  if (target === undefined) {
    throw new BridgeError("APP_UNKNOWN", `No app ${quoted(asked.app ?? "")} is registered.`);
  }
  return { ...asked, app: target, path: asked.path ?? startOf(target) };
}

function canOf({ capabilities }: RegisteredApp): (capability: string) => boolean {
  return (capability) => capabilities.includes(capability);
}

function startOf({ placements, url }: RegisteredApp): string {
  const menu = placements.find(({ type }) => type === "menu");
  const { pathname, search, hash } = new URL(url);
  return (menu && normalPath(menu.path)) ?? normalPath(pathname + search + hash) ?? "/";
}
