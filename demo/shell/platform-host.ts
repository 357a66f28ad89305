/** The shell's host: `createHost` with the demo's contract, plus sign-in. */
import {
  BridgeError,
  createHost,
  labelText,
  type Host,
  type NavigationTarget,
} from "@breezeway/host";
import { createHostUi } from "@breezeway/host/element";
import type { Placement, RegisteredApp } from "@breezeway/shared/schemas";
import { contract, type PlatformContract } from "../contract.ts";
import { reasonOfError, reasonOfResponse } from "../ui/reason-of.ts";
import type { Scheme } from "./appearance.ts";
import type { PageData } from "./page-data.ts";
import type { SignInDetail } from "./sign-in.ts";

export type Unsubscribe = () => void;

export interface ShellSession {
  readonly userId: string;
  readonly tenantId: string;
  /** Tenants that the person can switch to. */
  readonly tenants: readonly string[];
}

export interface AppPlacement {
  readonly app: RegisteredApp;
  readonly label: string;
  readonly icon: string | undefined;
  readonly path: string;
}

export interface PlatformHost {
  readonly host: Host<PlatformContract>;
  /** Resolves when the issuer has answered for the first time or could not be reached. */
  readonly ready: Promise<void>;
  /** The listener gets `undefined` until the issuer has answered, and `null` when nobody is signed in. */
  subscribeSession(listener: (session: ShellSession | null | undefined) => void): Unsubscribe;
  /** Whether the issuer has said which apps there are. */
  readonly hasApps: boolean;
  /** Calls the listener when apps have come, changed or gone. */
  subscribeApps(listener: () => void): Unsubscribe;
  /**
   * Lists the placements of one type in the apps' manifests.
   *
   * @param context kind of record that a pane stands beside
   */
  placements(type: "menu" | "pane", context?: string): readonly AppPlacement[];
  /** Resolves to the reason of a failure, or to `undefined` on success. */
  signIn(detail: SignInDetail): Promise<string | undefined>;
  /** Resolves to the reason of a failure, or to `undefined` on success. */
  switchTenant(tenantId: string): Promise<string | undefined>;
  /** Signs the page out at once, even when the server does not answer. */
  signOut(): Promise<void>;
  /** Asks the issuer whether the session still exists, after a request was refused without one. */
  recheckSession(): void;
  customerChanged(customerId: string | null): void;
  setScheme(scheme: Scheme): void;
  close(): void;
}

export interface PlatformHostDeps {
  readonly scheme: Scheme;
  currentCustomerId(): string | null;
  openCustomer(customerId: string): void;
  navigate(target: NavigationTarget): void;
}

export function createPlatformHost(data: PageData, deps: PlatformHostDeps): PlatformHost {
  const ui = createHostUi();
  const host = createHost({
    issuerUrl: data.issuerUrl,
    gatewayUrl: data.gatewayUrl,
    contract,
    theme: { scheme: deps.scheme },
    locale: "en-US",
    methods: {
      getCurrentCustomerId: () => deps.currentCustomerId(),
      openCustomer: (customerId) => deps.openCustomer(customerId),
    },
    ui,
    onNavigate: (target) => deps.navigate(target),
  });

  // One app announces a changed order, and the shell forwards it to the apps that follow orders.
  host.event.subscribe("order:announced", (announcement) => {
    host.event.publish("order:changed", announcement);
  });

  let customerId: string | null | undefined;

  async function attempt(action: () => Promise<unknown>): Promise<string | undefined> {
    try {
      await action();
      return undefined;
    } catch (error) {
      return reasonOfError(error);
    }
  }

  return {
    host,
    ready: host.session.ready,
    subscribeSession: (listener) => host.session.answer.subscribe(listener),
    get hasApps() {
      return host.apps.isReady;
    },
    subscribeApps: (listener) => host.apps.subscribe(listener),
    placements: (type, context) =>
      host.apps.all.flatMap((app) =>
        app.placements
          .filter(
            (place) => place.type === type && (place.type !== "pane" || place.context === context),
          )
          .map((place) => describePlacement(app, place, host.locale.current)),
      ),
    signIn: (detail) =>
      attempt(async () => {
        await logIn(data.issuerUrl, detail);
        await host.session.reload();
      }),
    switchTenant: (tenantId) => attempt(() => host.session.switchTenant(tenantId)),
    async signOut() {
      await attempt(() => host.session.signOut());
    },
    recheckSession: () => void attempt(() => host.session.reload()),
    customerChanged(id) {
      if (id === customerId) return;
      customerId = id;
      host.event.publish("customer:changed", { customerId: id });
    },
    setScheme: (scheme) => host.theme.set({ scheme }),
    close() {
      host.close();
      ui.close();
    },
  };
}

/**
 * @throws {BridgeError} RATE_LIMITED or LOGIN_FAILED, when the issuer refuses the sign-in
 * @throws {BridgeError} OFFLINE, when the issuer does not answer
 */
async function logIn(issuerUrl: string, detail: SignInDetail): Promise<void> {
  let response: Response;
  try {
    response = await fetch(`${issuerUrl}/login/dev`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-breezeway-request": "1" },
      body: JSON.stringify(detail),
    });
  } catch (cause) {
    throw new BridgeError(
      "OFFLINE",
      "POST /login/dev: the issuer did not answer. Check that it runs.",
      { cause },
    );
  }
  if (response.ok) return;
  const reason = await reasonOfResponse(response);
  throw new BridgeError(reason === "rate-limited" ? "RATE_LIMITED" : "LOGIN_FAILED", reason);
}

function describePlacement(app: RegisteredApp, place: Placement, locale: string): AppPlacement {
  return {
    app,
    label: "label" in place ? labelText(place.label, locale) : app.name,
    icon: place.type === "menu" ? place.icon : undefined,
    path: place.path,
  };
}
