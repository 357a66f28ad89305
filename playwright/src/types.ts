/** The public shape of the fixture. Types only. */
import type {
  AnyContract,
  Contract,
  EventInput,
  EventPayload,
  HandlerArgs,
  HandlerResult,
  MethodArgs,
  MethodName,
  MethodResult,
  Theme,
  TopicName,
} from "@breezeway/shared";
import type { ManifestInput } from "@breezeway/shared/schemas";
import type { NewSession } from "@breezeway/issuer";
import type { FrameLocator, Page } from "@playwright/test";
import type { EmbedNavigation } from "./page/setup.ts";

/** Methods of the host. They run in the test, so they can use its variables. */
export type EmbedMethods<C extends Contract> = {
  readonly [Name in MethodName<C>]?: (
    ...args: HandlerArgs<C, Name>
  ) => HandlerResult<C, Name> | PromiseLike<HandlerResult<C, Name>>;
};

export type SignedInUser = Partial<NewSession>;

export interface EmbedOptions<C extends Contract = AnyContract> {
  /** Fields of the manifest. Default: a minimal manifest. `url` is always that of the guest. */
  readonly manifest?: Partial<Omit<ManifestInput, "url">>;
  /** Types and run-time checks. Default: any name, without checks. */
  readonly contract?: C;
  readonly methods?: EmbedMethods<C>;
  /** Topics of the guest that the host subscribes to. Default: all topics of the contract. */
  readonly topics?: readonly TopicName<C>[];
  readonly context?: unknown;
  /** Default: light. */
  readonly theme?: Theme;
  /** BCP 47. Default `en`. */
  readonly locale?: string;
  /** The user who is signed in at the host; `null` for none. Default: `alice` of the tenant `acme`. */
  readonly user?: SignedInUser | null;
  /** Base URL of the gateway. A test can answer its requests with `page.route`. Default: no gateway. */
  readonly gatewayUrl?: string;
  /** Page of the app to open, relative to its URL. */
  readonly path?: string;
  /** Life of a session token in seconds, 15 to 300. Default 60. */
  readonly tokenTtlSeconds?: number;
  /** `mounted`: do not wait for the guest's handshake. Default `connected`. */
  readonly waitFor?: "connected" | "mounted";
}

/** A guest as HTML text, served on a separate site. Its host origins must include the given origin. */
export interface HtmlGuest {
  readonly html: string | ((hostOrigin: string) => string);
}

export interface EmbeddedApp<C extends Contract = AnyContract> {
  /** The host's page. */
  readonly page: Page;
  /** Locators inside the app's frame. */
  readonly frame: FrameLocator;
  /** Locators inside the dialog that the app has opened with `openModal`. */
  readonly modal: FrameLocator;
  readonly hostOrigin: string;
  readonly guestOrigin: string;
  /** `iss` of the tokens. Its keys are at `/.well-known/jwks.json` below it. */
  readonly issuerUrl: string;
  /** Calls of the guest, oldest first. */
  readonly calls: readonly { readonly method: string; readonly args: readonly unknown[] }[];
  /** Events of the guest, oldest first. */
  readonly events: readonly { readonly topic: string; readonly payload: unknown }[];
  /** Results that the guest passed to `setupCompleted`. */
  readonly setups: readonly unknown[];
  /** Navigations that the guest requested, oldest first. The host page itself does not navigate. */
  readonly navigations: readonly EmbedNavigation[];
  /** Paths that the guest has reported, oldest first. */
  readonly paths: readonly string[];
  /** Errors of the host that no caller waited for, as text. */
  readonly errors: readonly string[];
  state(): Promise<"connecting" | "connected" | "lost" | "closed">;
  /** Sends an event to the guest. */
  publish<Topic extends TopicName<C>>(topic: Topic, payload: EventInput<C, Topic>): Promise<void>;
  /**
   * Resolves to the payload of the guest's first unread event of this topic, even if the event has
   * already arrived.
   */
  waitForEvent<Topic extends TopicName<C>>(topic: Topic): Promise<EventPayload<C, Topic>>;
  /** Calls a method that the guest exposes. */
  call<Name extends MethodName<C, "guestMethods">>(
    name: Name,
    ...args: MethodArgs<C, Name, "guestMethods">
  ): Promise<MethodResult<C, Name, "guestMethods">>;
  setContext(context: unknown): Promise<void>;
  setTheme(theme: Theme): Promise<void>;
  setLocale(locale: string): Promise<void>;
  signIn(user?: SignedInUser): Promise<void>;
  signOut(): Promise<void>;
  switchTenant(tenantId: string): Promise<void>;
  /** Revokes the session. The host is notified through its event stream. */
  revoke(): Promise<void>;
  /** Reloads the guest and waits until it is connected. */
  reload(): Promise<void>;
}

export type Embed = <C extends Contract = AnyContract>(
  guest: string | HtmlGuest,
  options?: EmbedOptions<C>,
) => Promise<EmbeddedApp<C>>;
