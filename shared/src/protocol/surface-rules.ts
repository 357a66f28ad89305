/**
 * Rules for the methods by which an app acts on the host's page. Real hosts and the test kit share
 * them. `schemas/surface-args.ts` parses the arguments; `SURFACE_LIMITS` has lengths and rates.
 */
import { BridgeError } from "../errors/bridge-error.ts";
import { SURFACE_LIMITS, type SurfaceBudget } from "../limits.ts";
import { BUILT_IN_METHODS } from "./names.ts";

/** A method that acts on the host's page. */
export type SurfaceMethod =
  | "navigate"
  | "reportPath"
  | "resize"
  | "showToast"
  | "confirm"
  | "openModal"
  | "closeModal"
  | "queryScopes"
  | "requestScopes";

export interface SurfaceRule {
  /** Subject of an error message, such as `Opening a dialog`. */
  readonly action: string;
  /** Capability that the app's manifest must list. Default: none is needed. */
  readonly capability?: string;
  /** The method works only shortly after a click or key press in the page. Default `false`. */
  readonly needsActivation?: boolean;
  /** The token bucket that a call takes from. Default: none. */
  readonly budget?: SurfaceBudget;
  /** Only one dialog is open on the page at a time. Default `false`. */
  readonly isDialog?: boolean;
}

/** Capabilities that an app's manifest must list to act on the host's page. */
export const SURFACE_CAPABILITIES = {
  /** Shows another place of the host, or another page of the app itself. */
  navigate: "navigation:write",
  /** Shows a page of another app. Needed in addition to `navigate`. */
  navigateToApps: "navigation:apps",
  showToast: "toasts:show",
  confirm: "dialogs:show",
  openModal: "dialogs:show",
} as const;

export const SURFACE_RULES: Readonly<Record<SurfaceMethod, SurfaceRule>> = {
  [BUILT_IN_METHODS.navigate]: {
    action: "Navigating",
    capability: SURFACE_CAPABILITIES.navigate,
    needsActivation: true,
    budget: "navigations",
  },
  [BUILT_IN_METHODS.reportPath]: { action: "Reporting a path", budget: "paths" },
  [BUILT_IN_METHODS.resize]: { action: "Resizing", budget: "sizes" },
  [BUILT_IN_METHODS.showToast]: {
    action: "Showing a toast",
    capability: SURFACE_CAPABILITIES.showToast,
    budget: "toasts",
  },
  [BUILT_IN_METHODS.confirm]: {
    action: "Opening a dialog",
    capability: SURFACE_CAPABILITIES.confirm,
    needsActivation: true,
    budget: "dialogs",
    isDialog: true,
  },
  [BUILT_IN_METHODS.openModal]: {
    action: "Opening a dialog",
    capability: SURFACE_CAPABILITIES.openModal,
    needsActivation: true,
    budget: "dialogs",
    isDialog: true,
  },
  [BUILT_IN_METHODS.closeModal]: { action: "Closing a dialog" },
  [BUILT_IN_METHODS.queryScopes]: { action: "Asking for granted scopes", budget: "scopes" },
  [BUILT_IN_METHODS.requestScopes]: {
    action: "Requesting scopes",
    needsActivation: true,
    budget: "dialogs",
    isDialog: true,
  },
};

export function isSurfaceMethod(method: string): method is SurfaceMethod {
  return Object.hasOwn(SURFACE_RULES, method);
}

/** The state of a host that the rules depend on. */
export interface SurfaceChecks {
  /** Whether a click or key press is recent enough. */
  readonly isUserActive: () => boolean;
  /** Takes one call from a token bucket of the app; `false` when the bucket is empty. */
  readonly take: (budget: SurfaceBudget) => boolean;
}

/**
 * Checks user activation and budget of a call. A call without user activation takes nothing from the
 * budget.
 *
 * @throws {BridgeError} ACTIVATION_MISSING, CALL_LIMIT_EXCEEDED
 */
export function assertSurfaceAllowed(method: SurfaceMethod, checks: SurfaceChecks): void {
  const { action, needsActivation = false, budget } = SURFACE_RULES[method];
  if (needsActivation && !checks.isUserActive()) {
    throw new BridgeError(
      "ACTIVATION_MISSING",
      `${action} requires user activation (a click or key press).`,
    );
  }
  if (budget === undefined || checks.take(budget)) return;
  const { burst, perSecond } = SURFACE_LIMITS[budget];
  throw new BridgeError(
    "CALL_LIMIT_EXCEEDED",
    `Too many ${budget}: an app may make ${burst} at once, then ${perSecond} per second.`,
  );
}

/** The error for a dialog that is requested while another one is open. */
export function dialogOpen(): BridgeError {
  return new BridgeError("CALL_LIMIT_EXCEEDED", "Another dialog is already open on this page.");
}

/** The error for `closeModal` from a frame outside a modal. */
export function notInModal(): BridgeError {
  return new BridgeError("SURFACE_REFUSED", "closeModal was called outside an open modal.");
}
