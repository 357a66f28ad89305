/** The public shape of the test guest. Types only. */
import type {
  AnyContract,
  Contract,
  EventInput,
  EventPayload,
  Frame,
  GuestSession,
  HandlerArgs,
  HandlerResult,
  Hello,
  MethodArgs,
  MethodName,
  MethodResult,
  Theme,
  TokenGrant,
  TopicName,
  Welcome,
} from "@breezeway/shared";
import type { CallOptionsInit, Clock, Unsubscribe } from "@breezeway/shared/channel";
import type { OpenGuestPlace } from "../transport/guest-place.ts";

export interface TestGuestOptions {
  /** The clock of the host: `issuer.clock`. Default: the system's clock. */
  readonly clock?: Clock;
  /** `false` for a guest that wants no tokens pushed. Default: `true`. */
  readonly autoRefresh?: boolean;
  /** Overrides members of the hello, such as the protocol range. */
  readonly hello?: Partial<Hello>;
}

/** The latest state that the host has sent. */
export interface TestGuestState {
  readonly context: unknown;
  readonly theme: Theme;
  readonly locale: string;
  readonly session: GuestSession | null;
  readonly capabilities: readonly string[];
  readonly token: TokenGrant | null;
}

export interface TestGuest<C extends Contract = AnyContract> {
  /** Where the host shows this guest: `host.mount("orders", { place: guest.place })`. */
  readonly place: OpenGuestPlace;
  /** Sends hello, as a document does when it has loaded. Rejects with the error of a refusal. */
  connect(): Promise<Welcome>;
  readonly isConnected: boolean;
  readonly welcome: Welcome | undefined;
  /** The page that the host shows. */
  readonly url: string | undefined;
  readonly state: TestGuestState;
  /** Calls a method of the host. */
  call<Name extends MethodName<C>>(
    name: Name,
    ...args: MethodArgs<C, Name>
  ): Promise<MethodResult<C, Name>>;
  /** Calls a method of the host, without types and with options. */
  callWith(name: string, args: readonly unknown[], options?: CallOptionsInit): Promise<unknown>;
  expose<Name extends MethodName<C, "guestMethods">>(
    name: Name,
    handler: (
      ...args: HandlerArgs<C, Name, "guestMethods">
    ) =>
      | HandlerResult<C, Name, "guestMethods">
      | PromiseLike<HandlerResult<C, Name, "guestMethods">>,
  ): Unsubscribe;
  publish<Topic extends TopicName<C>>(topic: Topic, payload: EventInput<C, Topic>): void;
  subscribe<Topic extends TopicName<C>>(
    topic: Topic,
    listener: (payload: EventPayload<C, Topic>) => void,
  ): Unsubscribe;
  /** Sends frames unchanged. */
  send(...frames: readonly Frame[]): void;
  /** Sends any message, for tests of a guest that violates the protocol. */
  sendRaw(message: unknown): void;
  /** Events and subscriptions that the host refused. */
  readonly refusals: readonly { readonly topic: string; readonly code: string }[];
  /** Errors that no caller waited for. */
  readonly errors: readonly unknown[];
  readonly faults: TestGuestFaults;
  /** Resolves when every message in flight has arrived. */
  settled(): Promise<void>;
  /** Closes the channel. */
  close(): void;
}

export interface TestGuestFaults {
  /** Breaks the channel without a close frame. */
  drop(): void;
  /** Delays every message by this time on the clock. 0 ends the delay. */
  delay(ms: number): void;
  /** Drops messages in both directions silently, until `swallow(false)`. */
  swallow(isOn?: boolean): void;
  /** Reloads the document, which sends hello. */
  reload(): Promise<Welcome>;
  /** Navigates the frame to a document that sends no hello. */
  navigate(): void;
}
