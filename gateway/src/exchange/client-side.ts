/** The side of an exchange that faces the client. Node's server and `fetch` each implement it. */
import type { Duplex, Readable } from "node:stream";
import type { Answer } from "../answer/refusal.ts";

export interface ClientSide {
  /** Whether this request can become a WebSocket. */
  readonly canUpgrade: boolean;
  /** The request body, ended with BODY_TOO_LARGE beyond `maxBytes`; `null` without a body. */
  body(maxBytes: number): Readable | null;
  /** Trailers after the request body. Read them once the body has ended. Name, value, name, value. */
  readonly trailers: readonly string[];
  /** Whether a part of the answer has left, so that no other answer is possible. */
  readonly isCommitted: boolean;
  /** Sends a whole answer of the gateway itself. Only before anything is committed. */
  answer(answer: Answer): void;
  /**
   * Sends the head of the upstream's answer.
   *
   * @param headers - Name, value, name, value.
   * @param bodyBytes - The length that the upstream announced; `undefined` without one.
   */
  start(status: number, headers: string[], bodyBytes: number | undefined): void;
  /** Returns false when the client is slower. Then wait for {@link ClientListener.onDrain}. */
  write(chunk: Buffer): boolean;
  /** @param trailers - Name, value, name, value. */
  end(trailers: readonly string[]): void;
  /** Ends a started answer so that the client notices that it is incomplete. */
  cut(): void;
  /** Joins the client's connection and the upstream's after an upgrade. */
  upgrade(upgrade: Upgrade, idleTimeoutMs: number): void;
}

/** The upstream's answer to an upgrade, and its connection. */
export interface Upgrade {
  readonly status: number;
  /** Name, value, name, value. */
  readonly headers: readonly string[];
  readonly upstream: Duplex;
}

/** Events of the client side. */
export interface ClientListener {
  onDrain(): void;
  /** The client has closed the connection, or has received everything. */
  onClose(): void;
}
