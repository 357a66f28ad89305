/**
 * A request body on its way to the upstream: counted, cut off at the limit, with back pressure.
 *
 * Stands between the client's stream and undici, which destroys the body it was given when the
 * upstream answers early or fails. The client's connection must survive that: its answer is due.
 */
import { Readable } from "node:stream";
import { BridgeError } from "@breezeway/shared";

export class LimitedBody extends Readable {
  readonly #source: Readable;
  readonly #maxBytes: number;
  #bytes = 0;
  #isReleased = false;

  constructor(source: Readable, maxBytes: number) {
    super({ highWaterMark: 65_536 });
    // undici listens until it is done with the request; an error after that must not end the process.
    this.on("error", () => {});
    this.#source = source;
    this.#maxBytes = maxBytes;
    source.on("data", this.#onData).on("end", this.#onEnd);
    source.on("error", this.#onError).on("close", this.#onClose);
    source.pause();
  }

  override _read(): void {
    this.#source.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#isReleased) this.#source.pause();
    this.release();
    done(error);
  }

  /** Lets go of the client's stream: whoever calls decides what becomes of the rest. */
  release(): void {
    this.#isReleased = true;
    // The error listener stays: a late error of the client's stream has nobody else to go to.
    this.#source.off("data", this.#onData).off("end", this.#onEnd).off("close", this.#onClose);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) {
      this.destroy(
        new BridgeError("BODY_TOO_LARGE", "The request body is larger than the route takes."),
      );
    } else if (!this.push(chunk)) {
      this.#source.pause();
    }
  };

  readonly #onEnd = (): void => {
    this.push(null);
  };

  // Not as it came: whatever it is, it is not the upstream's fault.
  readonly #onError = (error: Error): void => {
    this.destroy(
      new BridgeError("REQUEST_MALFORMED", "The request's body broke.", { cause: error }),
    );
  };

  readonly #onClose = (): void => {
    if (!this.readableEnded) this.destroy(new BridgeError("CALL_ABORTED", "The client is gone."));
  };
}
