/**
 * How a guest reaches its host. The page around the guest is one way (`parent-link.ts`); the test kit
 * brings another one, and so does a host that is no web page. Types only.
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
  /** Milliseconds for the whole attempt. `Infinity` waits until a host comes. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

export interface Attempt {
  /** Rejects with a BridgeError; never settles after {@link Attempt.cancel}. */
  readonly greeting: Promise<Greeting>;
  readonly cancel: () => void;
}

/**
 * Whoever makes a link vouches for the other end: the bridge checks what arrives, not from whom.
 */
export interface HostLink {
  /** One handshake. Called again after each loss of the channel. */
  greet(options: GreetOptions): Attempt;
  /** @returns a function that stops watching */
  watch(listener: PageLifeListener): () => void;
}
