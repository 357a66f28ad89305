/**
 * The link by which a guest reaches its host. `parent-link.ts` links to the parent page; the test kit
 * and hosts that are not web pages bring their own link. Types only.
 */
import type { Hello, Welcome } from "@breezeway/shared";
import type { ChannelPort, Clock } from "@breezeway/shared/channel";
import type { PageLifeListener } from "./page-life.ts";

export interface Greeting {
  readonly welcome: Welcome;
  /** The guest's end of a fresh data channel. */
  readonly port: ChannelPort;
}

export interface GreetOptions {
  readonly hello: Hello;
  /** Milliseconds for the whole attempt. `Infinity` waits until a host answers. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

export interface Attempt {
  /** Rejects with a BridgeError; never settles after {@link Attempt.cancel}. */
  readonly greeting: Promise<Greeting>;
  readonly cancel: () => void;
}

/**
 * A way to the host. Its author vouches for the other end: the bridge checks the content of messages,
 * not their sender.
 */
export interface HostLink {
  /** Starts one handshake. The bridge calls it again after each loss of the channel. */
  greet(options: GreetOptions): Attempt;
  /** Watches the guest's page. @returns A function that stops watching. */
  watch(listener: PageLifeListener): () => void;
}
