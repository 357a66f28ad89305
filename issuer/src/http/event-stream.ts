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

export interface EventStream {
  readonly response: Response;
  send(event: ServerEvent): void;
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
const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store, no-transform",
  "x-content-type-options": "nosniff",
  // Without it, nginx holds a response back until it fills a buffer.
  "x-accel-buffering": "no",
} as const;

export function createEventStream(options: EventStreamOptions): EventStream {
  const encoder = new TextEncoder();
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

  function write(text: string): void {
    if (!controller) return;
    controller.enqueue(encoder.encode(text));
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
    new CountQueuingStrategy({ highWaterMark: MAX_QUEUED }),
  );
  heartbeat = setInterval(() => {
    options.onHeartbeat?.();
    write(": heartbeat\n\n");
  }, options.heartbeatMs);
  heartbeat.unref();
  // Tells the client at once that the stream is open, and when to reconnect after its end.
  write(`retry: ${options.retryMs}\n\n`);

  return {
    response: new Response(body, { headers: HEADERS }),
    send: ({ event, data, id }) => {
      const lines = [
        ...(id === undefined ? [] : [`id: ${id}`]),
        `event: ${event}`,
        `data: ${JSON.stringify(data)}`,
      ];
      write(`${lines.join("\n")}\n\n`);
    },
    onEnd: (run) => {
      if (atEnd) atEnd.push(run);
      else run();
    },
    close,
  };
}
