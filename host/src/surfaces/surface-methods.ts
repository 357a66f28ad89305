/**
 * Methods by which an app acts on the page around it.
 *
 * [SF-1] Closed by default: each needs a capability of the manifest, or only reaches the app's own
 *        place. What the host has no handler for is refused.
 * [SF-2] Arguments are parsed before anything is looked at; a path cannot leave its origin.
 * [SF-3] An app may do only so much of each, over all of its frames and documents.
 * [SF-4] Whose request it is comes from the registry's entry of the frame.
 */
import {
  BridgeError,
  BUILT_IN_METHODS,
  normalPath,
  quoted,
  SURFACE_CAPABILITIES,
  SURFACE_LIMITS,
} from "@breezeway/shared";
import {
  parseConfirm,
  parseNavigate,
  parseOpenModal,
  parseReportPath,
  parseResize,
  parseShowToast,
  type AppRegistry,
  type AskedPlace,
  type RegisteredApp,
} from "@breezeway/shared/schemas";
import type { Clock, IncomingCall } from "@breezeway/shared/channel";
import type { GuestMount } from "../guests/guest-mount.ts";
import type { HostOptions, MountOptions } from "../host-types.ts";
import { perApp, spend, type Allowance } from "../transport/allowance.ts";
import { createDialogs, notOffered } from "./dialogs.ts";
import type { HostUi, NavigationTarget } from "./host-ui.ts";

type BuiltIn = (call: IncomingCall) => unknown;

export interface SurfacesOptions {
  readonly apps: AppRegistry;
  readonly ui: HostUi;
  readonly onNavigate: HostOptions["onNavigate"];
  readonly isUserActive: (call: IncomingCall) => boolean;
  readonly clock: Clock;
  readonly locale: () => string;
  readonly mount: (appId: string, options: MountOptions) => GuestMount;
}

/** How often an app may change what the page around its frames shows of them. */
export interface PlaceBounds {
  readonly paths: Allowance;
  readonly sizes: Allowance;
}

export interface Surfaces {
  boundsOf(app: RegisteredApp): PlaceBounds;
  methodsOf(app: RegisteredApp, mount: GuestMount): readonly (readonly [string, BuiltIn])[];
}

export function createSurfaces(options: SurfacesOptions): Surfaces {
  const { clock, ui } = options;
  const limits = SURFACE_LIMITS;
  const navigations = perApp(clock, limits.navigations.burst, limits.navigations.perSecond);
  const toasts = perApp(clock, limits.toasts.burst, limits.toasts.perSecond);
  const dialogs = perApp(clock, limits.dialogs.burst, limits.dialogs.perSecond);
  const paths = perApp(clock, limits.paths.burst, limits.paths.perSecond);
  const sizes = perApp(clock, limits.sizes.burst, limits.sizes.perSecond);

  const assertActive = (what: string, call: IncomingCall): void => {
    if (options.isUserActive(call)) return;
    throw new BridgeError("ACTIVATION_MISSING", `${what} needs a click or a key of the person.`);
  };

  const open = createDialogs({
    ui,
    locale: options.locale,
    mount: options.mount,
    assertAllowed(app, call) {
      assertActive("A dialog", call);
      spend(dialogs(app), "dialogs");
    },
  });

  const targetOf = (app: RegisteredApp, asked: AskedPlace): NavigationTarget => {
    if (asked.to === "host") return asked;
    const target = asked.app === undefined ? app : options.apps.get(asked.app);
    // Which other apps there are is not every app's to find out.
    if (target !== app) demand(app, "navigate", SURFACE_CAPABILITIES.navigateToApps);
    if (target === undefined) {
      throw new BridgeError("APP_UNKNOWN", `No app ${quoted(asked.app ?? "")} is registered.`);
    }
    return { ...asked, app: target, path: asked.path ?? startOf(target) };
  };

  return {
    boundsOf: (app) => ({ paths: paths(app), sizes: sizes(app) }),
    methodsOf: (app, mount) => [
      [
        BUILT_IN_METHODS.navigate,
        async (call) => {
          demand(app, "navigate", SURFACE_CAPABILITIES.navigate);
          const target = targetOf(app, parseNavigate(call.args));
          if (!options.onNavigate) throw notOffered("way to go elsewhere");
          assertActive("Going elsewhere", call);
          spend(navigations(app), "navigations");
          await options.onNavigate(target, { app, mount });
        },
      ],
      [BUILT_IN_METHODS.reportPath, ({ args }) => mount.reportPath(parseReportPath(args))],
      [BUILT_IN_METHODS.resize, ({ args }) => mount.resize(parseResize(args))],
      [
        BUILT_IN_METHODS.showToast,
        ({ args }) => {
          demand(app, "showToast", SURFACE_CAPABILITIES.showToast);
          const toast = parseShowToast(args);
          if (!ui.showToast) throw notOffered("toasts");
          spend(toasts(app), "toasts");
          ui.showToast({ app, ...toast });
        },
      ],
      [
        BUILT_IN_METHODS.confirm,
        (call) => {
          demand(app, "confirm", SURFACE_CAPABILITIES.confirm);
          return open.confirm(app, parseConfirm(call.args), call);
        },
      ],
      [
        BUILT_IN_METHODS.openModal,
        (call) => {
          demand(app, "openModal", SURFACE_CAPABILITIES.openModal);
          return open.openModal(app, parseOpenModal(call.args), call);
        },
      ],
      [BUILT_IN_METHODS.closeModal, ({ args: [result] }) => open.closeModal(mount, result)],
    ],
  };
}

function demand(app: RegisteredApp, method: string, capability: string): void {
  if (app.capabilities.includes(capability)) return;
  throw new BridgeError(
    "CAPABILITY_MISSING",
    `"${method}" needs the capability "${capability}", which the app's manifest does not list.`,
    { details: { capability } },
  );
}

function startOf({ placements, url }: RegisteredApp): string {
  const menu = placements.find(({ type }) => type === "menu");
  const { pathname, search, hash } = new URL(url);
  return (menu && normalPath(menu.path)) ?? normalPath(pathname + search + hash) ?? "/";
}
