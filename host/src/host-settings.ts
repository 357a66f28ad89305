/** A host's options as its parts use them: parsed, with defaults and absolute URLs. */
import {
  BridgeError,
  CHANNEL_LIMITS,
  isBuiltInMethod,
  isName,
  TIMEOUTS,
  type ChannelLimits,
  type Contract,
} from "@breezeway/shared";
import { createAppRegistry, type AppRegistry, type ManifestInput } from "@breezeway/shared/schemas";
import { systemClock, type Clock, type IncomingCall } from "@breezeway/shared/channel";
import type { HostMethod } from "./guests/guest-channel.ts";
import { parseHostOptions } from "./host-options.ts";
import type { HostOptions, HostTestHooks } from "./host-types.ts";
import type { SessionEventStream } from "./session/session-events.ts";
import {
  browserSignOutMemory,
  shortSignOutMemory,
  type SignOutMemory,
} from "./session/sign-out-memory.ts";
import { pageVisibility, type Visibility } from "./session/visibility.ts";
import { browserTabs } from "./tabs/browser-tabs.ts";
import { soloTabs, type Tabs } from "./tabs/tabs.ts";

type TakenAsTheyAre = Pick<
  HostOptions,
  "contract" | "context" | "onNavigate" | "onSetupCompleted" | "theme" | "locale"
>;

export interface HostSettings
  extends
    TakenAsTheyAre,
    Required<Pick<HostOptions, "fetch" | "ui" | "handshakeTimeoutMs" | "withholdTokens">> {
  /** Absolute. */
  readonly issuerUrl: string;
  /** Absolute; `null` without a gateway. */
  readonly gatewayUrl: string | null;
  /** `undefined` for those of the issuer. */
  readonly apps: AppRegistry | undefined;
  readonly methods: ReadonlyMap<string, HostMethod>;
  readonly limits: ChannelLimits;
  readonly isUserActive: (call: IncomingCall) => boolean;
  readonly report: NonNullable<HostOptions["onError"]>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly openStream: (url: string) => SessionEventStream;
  readonly tabs: Tabs;
  readonly visibility: Visibility;
  readonly signOutMemory: SignOutMemory;
}

/** @throws {BridgeError} CONFIG_INVALID, MANIFEST_INVALID */
export function readHostSettings(given: unknown, hooks: HostTestHooks): HostSettings {
  const options = parseHostOptions(given);
  const { gatewayUrl, contract } = options;
  const issuerUrl = issuerBase(options);
  return {
    ...options,
    issuerUrl,
    gatewayUrl: gatewayUrl === undefined ? null : absolute("gatewayUrl", gatewayUrl),
    apps: registryOf(options.apps),
    methods: methodMap(options.methods ?? {}, contract),
    limits: { ...CHANNEL_LIMITS, ...options.limits },
    handshakeTimeoutMs: options.handshakeTimeoutMs ?? TIMEOUTS.handshakeMs,
    ui: options.ui ?? {},
    withholdTokens: options.withholdTokens ?? (() => false),
    isUserActive: options.isUserActive ?? isPageActive,
    report: options.onError ?? ((error) => reportError(error)),
    fetch: options.fetch ?? fetch.bind(globalThis),
    clock: hooks.clock ?? systemClock(),
    random: hooks.random ?? Math.random,
    ...readPlatform(options, hooks, issuerUrl),
  };
}

function readPlatform(
  { platform }: HostOptions,
  hooks: HostTestHooks,
  issuerUrl: string,
): Pick<HostSettings, "openStream" | "tabs" | "visibility" | "signOutMemory"> {
  return {
    openStream: hooks.openStream ?? platform?.openStream ?? ((url) => new EventSource(url)),
    tabs: hooks.tabs ?? (platform ? soloTabs() : browserTabs(issuerUrl)),
    visibility: hooks.visibility ?? platform?.visibility ?? pageVisibility(),
    signOutMemory:
      hooks.signOutMemory ?? (platform ? shortSignOutMemory() : browserSignOutMemory(issuerUrl)),
  };
}

/** The browser's own fetch sends the session cookie to the page's origin only. */
function issuerBase({ issuerUrl, fetch: own }: HostOptions): string {
  const url = absolute("issuerUrl", issuerUrl);
  if (own || typeof location === "undefined" || new URL(url).origin === location.origin) return url;
  throw invalid(`issuerUrl: must be of this page's origin, ${location.origin}.`);
}

function absolute(option: string, url: string): string {
  const base = typeof document === "undefined" ? undefined : document.baseURI;
  if (URL.canParse(url, base)) return new URL(url, base).href;
  throw invalid(`${option}: must be a URL, absolute or relative to the page.`);
}

/**
 * Activation in a frame also activates the pages around it, and would serve every frame of the page.
 * Where the browser reports the activation of the document that sent the call, that document must
 * have been active.
 */
function isPageActive({ isUserActive }: IncomingCall): boolean {
  return (
    isUserActive !== false &&
    typeof navigator !== "undefined" &&
    "userActivation" in navigator &&
    navigator.userActivation.isActive
  );
}

function registryOf(apps: HostOptions["apps"]): AppRegistry | undefined {
  if (apps === undefined) return undefined;
  return isRegistry(apps) ? apps : createAppRegistry(apps);
}

function isRegistry(apps: AppRegistry | readonly ManifestInput[]): apps is AppRegistry {
  return "byOrigin" in apps;
}

function methodMap(methods: object, contract: Contract | undefined): Map<string, HostMethod> {
  const map = new Map<string, HostMethod>();
  for (const [name, method] of Object.entries(methods) as [string, unknown][]) {
    if (contract?.methods !== undefined && !Object.hasOwn(contract.methods, name)) {
      throw invalid(`methods.${name}: must be a method of the contract.`);
    }
    if (!isName(name) || isBuiltInMethod(name) || typeof method !== "function") {
      throw invalid(`methods.${name}: must be a function with a valid, unreserved name.`);
    }
    map.set(name, method as HostMethod);
  }
  return map;
}

function invalid(problem: string): BridgeError {
  return new BridgeError("CONFIG_INVALID", `createHost: ${problem}`);
}
