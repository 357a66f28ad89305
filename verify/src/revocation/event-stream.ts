/** Server-sent events (HTML standard, section 9.2) of one HTTP response, bounded in size and silence. */
import { BridgeError } from "@breezeway/shared";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import type { Fetch } from "../keys/fetch-jwks.ts";

export interface EventStreamOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: Fetch;
  readonly signal: AbortSignal;
  /** The server is taken for gone when it sends nothing, not even a comment, for so long. */
  readonly maxSilenceMs: number;
  readonly maxEventBytes: number;
  /** The server has accepted the request. */
  readonly onOpen: () => void;
  /** Something arrived, be it only a comment. */
  readonly onHeard: () => void;
  readonly onEvent: (event: EventSourceMessage) => void;
}

/** Resolves when the server ends the stream. @throws whatever ends it otherwise */
export async function readEventStream(options: EventStreamOptions): Promise<void> {
  const silence = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const heard = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(lost("The feed is silent.")), options.maxSilenceMs);
  };
  try {
    heard();
    const response = await options.fetch(options.url, {
      headers: { ...options.headers, accept: "text/event-stream" },
      redirect: "error",
      credentials: "omit",
      cache: "no-store",
      signal: AbortSignal.any([options.signal, silence.signal]),
    });
    const type = response.headers.get("content-type") ?? "";
    if (response.status !== 200 || !type.startsWith("text/event-stream")) {
      await response.body?.cancel();
      throw lost(`The feed answered with status ${response.status}, or with no event stream.`);
    }
    options.onOpen();
    await parseBody(response, { ...options, onHeard: () => (heard(), options.onHeard()) });
  } finally {
    clearTimeout(timer);
  }
}

async function parseBody(response: Response, options: EventStreamOptions): Promise<void> {
  let failure: Error | undefined;
  const parser = createParser({
    maxBufferSize: options.maxEventBytes,
    onEvent: (event) => {
      failure ??= attempt(() => options.onEvent(event));
    },
    onError: (error) => {
      if (error.type === "max-buffer-size-exceeded") failure ??= error;
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    options.onHeard();
    parser.feed(decoder.decode(chunk, { stream: true }));
    // Thrown here and not in the callback, where it would leave the parser half-way.
    if (failure !== undefined) throw failure;
  }
}

function lost(message: string): BridgeError {
  return new BridgeError("STORE_UNAVAILABLE", message);
}

function attempt(run: () => void): Error | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
