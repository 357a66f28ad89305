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

/** Methods of the host. They run in the test, so they see its variables. */
export type EmbedMethods<C extends Contract> = {
  readonly [Name in MethodName<C>]?: (
    ...args: HandlerArgs<C, Name>
  ) => HandlerResult<C, Name> | PromiseLike<HandlerResult<C, Name>>;
};

export type SignedInUser = Partial<NewSession>;

export interface EmbedOptions<C extends Contract = AnyContract> {
  /** What differs from a minimal manifest. `url` is that of the guest. */
  readonly manifest?: Partial<Omit<ManifestInput, "url">>;
  /** Types and run-time checks. Default: any name, nothing checked. */
  readonly contract?: C;
  readonly methods?: EmbedMethods<C>;
  /** Topics of the guest that the host listens to. Default: all of the contract. */
  readonly topics?: readonly TopicName<C>[];
  readonly context?: unknown;
  /** Default: light. */
  readonly theme?: Theme;
  /** BCP 47. Default `en`. */
  readonly locale?: string;
  /** Who is signed in at the host; `null` for nobody. Default: `alice` of the tenant `acme`. */
  readonly user?: SignedInUser | null;
  /** Base URL of the gateway; requests to it can be answered with `page.route`. Default: none. */
  readonly gatewayUrl?: string;
  /** Page of the app to open, relative to its URL. */
  readonly path?: string;
  /** Life of a session token in seconds, 15 to 300. Default 60. */
  readonly tokenTtlSeconds?: number;
  /** `mounted`: do not wait for the guest's handshake. Default `connected`. */
  readonly waitFor?: "connected" | "mounted";
}

/** A guest of HTML text, served on a site of its own. It must name the host's origin, given here. */
export interface HtmlGuest {
  readonly html: string | ((hostOrigin: string) => string);
}

export interface EmbeddedApp<C extends Contract = AnyContract> {
  /** The host's page. */
  readonly page: Page;
  /** What is inside the app's frame. */
  readonly frame: FrameLocator;
  /** What is inside the dialog that the app has opened with `openModal`. */
  readonly modal: FrameLocator;
  readonly hostOrigin: string;
  readonly guestOrigin: string;
  /** `iss` of the tokens; its keys are at `/.well-known/jwks.json` below it. */
  readonly issuerUrl: string;
  /** Calls of the guest, oldest first. */
  readonly calls: readonly { readonly method: string; readonly args: readonly unknown[] }[];
  /** Events of the guest, oldest first. */
  readonly events: readonly { readonly topic: string; readonly payload: unknown }[];
  /** Results that the guest gave to `setupCompleted`. */
  readonly setups: readonly unknown[];
  /** Where the guest wanted to go, oldest first; the host stays. */
  readonly navigations: readonly EmbedNavigation[];
  /** Paths that the guest has reported, oldest first. */
  readonly paths: readonly string[];
  /** Errors of the host that no caller waited for, as text. */
  readonly errors: readonly string[];
  state(): Promise<"connecting" | "connected" | "lost" | "closed">;
  /** Sends an event to the guest. */
  publish<Topic extends TopicName<C>>(topic: Topic, payload: EventInput<C, Topic>): Promise<void>;
  /**
   * Resolves with the payload of the guest's first event of this topic that was not waited for yet,
   * also when it has come already.
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
  /** Ends the session on the server; the host learns of it through its event stream. */
  revoke(): Promise<void>;
  /** Loads the guest anew and waits until it is connected. */
  reload(): Promise<void>;
}

export type Embed = <C extends Contract = AnyContract>(
  guest: string | HtmlGuest,
  options?: EmbedOptions<C>,
) => Promise<EmbeddedApp<C>>;
