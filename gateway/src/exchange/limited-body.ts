/**
 * A request body on its way to the upstream: counted, ended at the limit, with back pressure.
 *
 * Stands between the client's stream and undici, which destroys its body when the upstream answers early
 * or fails. The client's connection must survive that, since the answer is sent on it.
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
    // undici stops listening when its request is done. A later error must not end the process.
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

  /** Detaches from the client's stream. The caller decides what happens to the rest of it. */
  release(): void {
    this.#isReleased = true;
    // The error listener stays, since nobody else handles a late error of the client's stream.
    this.#source.off("data", this.#onData).off("end", this.#onEnd).off("close", this.#onClose);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) {
      this.destroy(
        new BridgeError("BODY_TOO_LARGE", "The request body is larger than this route accepts."),
      );
    } else if (!this.push(chunk)) {
      this.#source.pause();
    }
  };

  readonly #onEnd = (): void => {
    this.push(null);
  };

  // The original error would be counted as the upstream's fault.
  readonly #onError = (error: Error): void => {
    this.destroy(
      new BridgeError("REQUEST_MALFORMED", "The request body ended with an error.", {
        cause: error,
      }),
    );
  };

  readonly #onClose = (): void => {
    if (!this.readableEnded)
      this.destroy(new BridgeError("CALL_ABORTED", "The client closed the connection."));
  };
}
