/** The side of an exchange that faces the client, as the proxy needs it. Node and fetch each have one. */
import type { Duplex, Readable } from "node:stream";
import type { Answer } from "../answer/refusal.ts";

export interface ClientSide {
  /** Whether this request can become a WebSocket. */
  readonly canUpgrade: boolean;
  /** The request's body, cut off with BODY_TOO_LARGE beyond `maxBytes`; `null` when there is none. */
  body(maxBytes: number): Readable | null;
  /** Behind the request's body, once that has ended. Name, value, name, value. */
  readonly trailers: readonly string[];
  /** Whether some of a started answer has left, so that another one is out of the question. */
  readonly isCommitted: boolean;
  /** A whole answer of the gateway's own. Only while nothing is committed. */
  answer(answer: Answer): void;
  /**
   * The head of the upstream's answer.
   *
   * @param headers - Name, value, name, value.
   * @param bodyBytes - As the upstream announced it; `undefined` when it did not.
   */
  start(status: number, headers: string[], bodyBytes: number | undefined): void;
  /** False when the client is slower: wait for {@link ClientListener.onDrain}. */
  write(chunk: Buffer): boolean;
  /** @param trailers - Name, value, name, value. */
  end(trailers: readonly string[]): void;
  /** Ends a started answer so that the client sees that it is not complete. */
  cut(): void;
  /** Joins the client's connection with the upstream's after an upgrade. */
  upgrade(upgrade: Upgrade, idleTimeoutMs: number): void;
}

/** The upstream's agreement to an upgrade, and its connection. */
export interface Upgrade {
  readonly status: number;
  /** Name, value, name, value. */
  readonly headers: readonly string[];
  readonly upstream: Duplex;
}

/** What the client side tells the exchange. */
export interface ClientListener {
  onDrain(): void;
  /** The client is gone, or has everything. */
  onClose(): void;
}
