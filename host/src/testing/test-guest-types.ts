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
  /** The host's: `issuer.clock`. Default: the system's. */
  readonly clock?: Clock;
  /** `false`: wants no tokens pushed. Default `true`. */
  readonly autoRefresh?: boolean;
  /** Members of its hello that differ from a real guest's, such as another protocol range. */
  readonly hello?: Partial<Hello>;
}

/** What the host has last said. */
export interface TestGuestState {
  readonly context: unknown;
  readonly theme: Theme;
  readonly locale: string;
  readonly session: GuestSession | null;
  readonly capabilities: readonly string[];
  readonly token: TokenGrant | null;
}

export interface TestGuest<C extends Contract = AnyContract> {
  /** The guest's place in the host: `host.mount("orders", { place: guest.place })`. */
  readonly place: OpenGuestPlace;
  /** Says hello, as a document does when it has loaded. Rejects with what the host refuses it by. */
  connect(): Promise<Welcome>;
  readonly isConnected: boolean;
  readonly welcome: Welcome | undefined;
  /** The page that the host wants shown. */
  readonly url: string | undefined;
  readonly state: TestGuestState;
  /** Calls a method of the host. */
  call<Name extends MethodName<C>>(
    name: Name,
    ...args: MethodArgs<C, Name>
  ): Promise<MethodResult<C, Name>>;
  /** The same without types, with options. */
  callWith(name: string, args: readonly unknown[], options?: CallOptionsInit): Promise<unknown>;
  expose<Name extends MethodName<C, "guestMethods">>(
    name: Name,
    handler: (
      ...args: HandlerArgs<C, Name, "guestMethods">
    ) =>
      HandlerResult<C, Name, "guestMethods"> | PromiseLike<HandlerResult<C, Name, "guestMethods">>,
  ): Unsubscribe;
  publish<Topic extends TopicName<C>>(topic: Topic, payload: EventInput<C, Topic>): void;
  subscribe<Topic extends TopicName<C>>(
    topic: Topic,
    listener: (payload: EventPayload<C, Topic>) => void,
  ): Unsubscribe;
  /** Sends frames as they are. */
  send(...frames: readonly Frame[]): void;
  /** Sends a message as it is: for a guest that does not keep to the protocol. */
  sendRaw(message: unknown): void;
  /** Events and subscriptions that the host refused. */
  readonly refusals: readonly { readonly topic: string; readonly code: string }[];
  /** Errors that no caller waited for. */
  readonly errors: readonly unknown[];
  readonly faults: TestGuestFaults;
  /** Resolves when every message that is on its way has arrived. */
  settled(): Promise<void>;
  /** Says goodbye to the host. */
  close(): void;
}

export interface TestGuestFaults {
  /** The channel breaks without a word. */
  drop(): void;
  /** Every message takes this long on the clock; 0 ends it. */
  delay(ms: number): void;
  /** Messages vanish in both directions and nobody notices, until `swallow(false)`. */
  swallow(isOn?: boolean): void;
  /** The document is loaded anew and says hello again. */
  reload(): Promise<Welcome>;
  /** The frame goes to a document that says nothing. */
  navigate(): void;
}
