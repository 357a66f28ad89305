/**
 * Reads server-sent events (HTML standard, section 9.2) of one HTTP response, with bounds on the size of
 * an event and on silence.
 */
import { BridgeError } from "@breezeway/shared";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import type { Fetch } from "../keys/fetch-jwks.ts";

export interface EventStreamOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: Fetch;
  readonly signal: AbortSignal;
  /** The stream fails when no data, not even a comment, arrives for this long. */
  readonly maxSilenceMs: number;
  readonly maxEventBytes: number;
  /** Called when the server accepted the request. */
  readonly onOpen: () => void;
  /** Called when data arrived, which may be a mere comment. */
  readonly onData: () => void;
  readonly onEvent: (event: EventSourceMessage) => void;
}

/**
 * Resolves when the server ends the stream.
 *
 * @throws {BridgeError} STORE_UNAVAILABLE, when the answer is not an event stream or the stream is silent
 * @throws whatever `fetch` or `onEvent` throws
 */
export async function readEventStream(options: EventStreamOptions): Promise<void> {
  const silence = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const restartTimer = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const message = `The revocation feed was silent for ${options.maxSilenceMs} ms.`;
      silence.abort(unavailable(message));
    }, options.maxSilenceMs);
  };
  try {
    restartTimer();
    const response = await options.fetch(options.url, {
      headers: { ...options.headers, accept: "text/event-stream" },
      // Not followed: the status fails below.
      redirect: "manual",
      cache: "no-store",
      signal: AbortSignal.any([options.signal, silence.signal]),
    });
    const type = response.headers.get("content-type") ?? "";
    if (response.status !== 200 || !type.startsWith("text/event-stream")) {
      await response.body?.cancel();
      throw unavailable(
        `The revocation feed answered with status ${response.status} and not with an event stream.`,
      );
    }
    options.onOpen();
    await parseBody(response, { ...options, onData: () => (restartTimer(), options.onData()) });
  } finally {
    clearTimeout(timer);
  }
}

async function parseBody(response: Response, options: EventStreamOptions): Promise<void> {
  let failure: Error | undefined;
  const parser = createParser({
    maxBufferSize: options.maxEventBytes,
    onEvent: (event) => {
      failure ??= errorOf(() => options.onEvent(event));
    },
    onError: (error) => {
      if (error.type === "max-buffer-size-exceeded") failure ??= error;
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    options.onData();
    parser.feed(decoder.decode(chunk, { stream: true }));
    // Thrown here, because a throw inside the callback would leave the parser in an unknown state.
    if (failure !== undefined) throw failure;
  }
}

function unavailable(message: string): BridgeError {
  return new BridgeError("STORE_UNAVAILABLE", message);
}

function errorOf(run: () => void): Error | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
