/**
 * Server-sent events (WHATWG HTML, section 9.2) as a `Response`.
 *
 * A stream is bounded: it ends when `MAX_QUEUED` events wait for a client that does not read. The
 * client resumes with the id of its last event.
 */

export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
  /** The client sends it back as `Last-Event-ID`. */
  readonly id?: number;
}

/** An event as its bytes, so that many streams can share them. */
export type EncodedEvents = Uint8Array<ArrayBuffer>;

export interface EventStream {
  readonly response: Response;
  send(event: ServerEvent | EncodedEvents): void;
  /** Runs once, however the stream ends; at once when it has ended. */
  onEnd(run: () => void): void;
  close(): void;
}

export interface EventStreamOptions {
  readonly heartbeatMs: number;
  /** How long the client waits before it reconnects, in milliseconds. */
  readonly retryMs: number;
  /** Runs before each heartbeat and may end the stream. */
  readonly onHeartbeat?: () => void;
}

const MAX_QUEUED = 5_000;
/** How many events a chunk has when it has more than one. */
const counts = new WeakMap<Uint8Array, number>();
const encoder = new TextEncoder();
const HEARTBEAT = encoder.encode(": heartbeat\n\n");
const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store, no-transform",
  "x-content-type-options": "nosniff",
  // Without it, nginx holds a response back until it fills a buffer.
  "x-accel-buffering": "no",
} as const;

function textOf({ event, data, id }: ServerEvent): string {
  const number = id === undefined ? "" : `id: ${id}\n`;
  return `${number}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

export function encodeEvents(events: readonly ServerEvent[]): EncodedEvents {
  const encoded = encoder.encode(events.map(textOf).join(""));
  if (events.length > 1) counts.set(encoded, events.length);
  return encoded;
}

export function createEventStream(options: EventStreamOptions): EventStream {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let heartbeat: NodeJS.Timeout | undefined;
  let atEnd: (() => void)[] | undefined = [];

  function end(): void {
    controller = undefined;
    clearInterval(heartbeat);
    const waiting = atEnd ?? [];
    atEnd = undefined;
    for (const run of waiting) run();
  }

  function write(bytes: EncodedEvents): void {
    if (!controller) return;
    controller.enqueue(bytes);
    if ((controller.desiredSize ?? 0) <= 0) close();
  }

  function close(): void {
    const open = controller;
    end();
    open?.close();
  }

  const body = new ReadableStream<Uint8Array>(
    {
      start: (started) => {
        controller = started;
      },
      cancel: end,
    },
    { highWaterMark: MAX_QUEUED, size: (chunk) => counts.get(chunk) ?? 1 },
  );
  heartbeat = setInterval(() => {
    options.onHeartbeat?.();
    write(HEARTBEAT);
  }, options.heartbeatMs);
  heartbeat.unref();
  // Tells the client at once that the stream is open, and when to reconnect after its end.
  write(encoder.encode(`retry: ${options.retryMs}\n\n`));

  return {
    response: new Response(body, { headers: HEADERS }),
    send: (event) => write(event instanceof Uint8Array ? event : encodeEvents([event])),
    onEnd: (run) => {
      if (atEnd) atEnd.push(run);
      else run();
    },
    close,
  };
}
