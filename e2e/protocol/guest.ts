/**
 * A guest, written from `docs/protocol.md` and the vectors alone: sections 1 to 5. It imports nothing.
 * What it had to guess would be a fault of the page.
 */

type Frame = readonly [kind: string, ...rest: unknown[]];

interface WireError {
  readonly code: string;
  readonly message: string;
  readonly correlationId: string;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: WireError): void;
}

interface Envelope {
  readonly namespace?: unknown;
  readonly channel?: unknown;
  readonly type?: unknown;
  readonly isError?: boolean;
  readonly value?: { readonly welcome: Welcome; readonly port: MessagePort | null };
}

export interface Welcome {
  readonly ok: boolean;
  readonly error?: WireError;
  readonly [member: string]: unknown;
}

export interface Guest {
  readonly welcome: Welcome;
  /** What state frames have changed since. */
  readonly state: Readonly<Record<string, unknown>>;
  /** All frames that came, for the test to look at. */
  readonly received: readonly Frame[];
  readonly isOpen: boolean;
  call(method: string, ...args: unknown[]): Promise<unknown>;
  expose(method: string, handler: (...args: unknown[]) => unknown): void;
  publish(topic: string, payload: unknown): void;
  subscribe(topic: string, listener: (payload: unknown, isRetained: boolean) => void): void;
  unsubscribe(topic: string): void;
  close(): void;
}

// Section 2: what every message of the handshake has.
const ENVELOPE = { namespace: "penpal", channel: "breezeway" } as const;

/** Section 2, as the guest. */
export function connectGuest(
  hostOrigins: readonly string[],
  hello: object,
  timeoutMs = 10_000,
): Promise<Guest> {
  if (window.parent === window) return Promise.reject(new Error("HANDSHAKE_NOT_EMBEDDED"));
  const participantId = crypto.randomUUID();
  const { promise, resolve, reject } = Promise.withResolvers<Guest>();
  const timer = setTimeout(() => finish(() => reject(new Error("HANDSHAKE_TIMEOUT"))), timeoutMs);
  let port: MessagePort | undefined;

  const finish = (settle: () => void): void => {
    clearTimeout(timer);
    removeEventListener("message", onWindowMessage);
    settle();
  };

  const onReply = ({ data }: MessageEvent<Envelope>): void => {
    if (!isEnvelope(data) || data.type !== "REPLY") return;
    port?.postMessage({ ...ENVELOPE, type: "DESTROY" });
    port?.close();
    const { welcome, port: second } = data.isError ? {} : (data.value ?? {});
    if (welcome?.ok === true && second) finish(() => resolve(openConnection(second, welcome)));
    else finish(() => reject(new Error(welcome?.error?.code ?? "HANDSHAKE_REFUSED")));
  };

  // Section 5: whether the guest is still in its frame. It goes on as long as the document lives.
  addEventListener("message", ({ source, origin, data }: MessageEvent<unknown>) => {
    if (source !== window.parent || !hostOrigins.includes(origin)) return;
    if (typeof data === "string" && data.startsWith("breezeway:"))
      window.parent.postMessage(data, origin);
  });

  const onWindowMessage = (event: MessageEvent<Envelope>): void => {
    if (port || event.source !== window.parent || !hostOrigins.includes(event.origin)) return;
    if (!isEnvelope(event.data) || event.data.type !== "ACK1") return;
    const channel = new MessageChannel();
    port = channel.port1;
    port.addEventListener("message", onReply);
    port.start();
    window.parent.postMessage({ ...ENVELOPE, type: "ACK2" }, event.origin, [channel.port2]);
    const id = crypto.randomUUID();
    port.postMessage({ ...ENVELOPE, type: "CALL", id, methodPath: ["hello"], args: [hello] });
  };

  addEventListener("message", onWindowMessage);
  for (const origin of hostOrigins) {
    window.parent.postMessage({ ...ENVELOPE, type: "SYN", participantId }, origin);
  }
  return promise;
}

function isEnvelope(data: unknown): data is Envelope {
  const { namespace, channel } = (data ?? {}) as Envelope;
  return namespace === ENVELOPE.namespace && channel === ENVELOPE.channel;
}

/** Section 3, as the guest. */
function openConnection(port: MessagePort, welcome: Welcome): Guest {
  const waiting = new Map<number, Waiting>();
  const handlers = new Map<string, (...args: unknown[]) => unknown>();
  const listeners = new Map<string, (payload: unknown, isRetained: boolean) => void>();
  const state: Record<string, unknown> = {};
  const received: Frame[] = [];
  let outgoing: Frame[] = [];
  let lastId = 0;
  let isOpen = true;

  // Frames of one task share one message.
  const send = (frame: Frame): void => {
    if (outgoing.push(frame) > 1) return;
    queueMicrotask(() => {
      const message = outgoing;
      outgoing = [];
      port.postMessage(message, { includeUserActivation: true } as StructuredSerializeOptions);
    });
  };

  const end = (): void => {
    isOpen = false;
    port.close();
    const lost = { code: "CHANNEL_LOST", message: "The host is gone.", correlationId: "" };
    for (const call of waiting.values()) call.reject(lost);
    waiting.clear();
  };

  const answer = async (id: number, method: string, args: unknown[]): Promise<void> => {
    const correlationId = crypto.randomUUID();
    const handler = handlers.get(method);
    if (!handler) {
      const message = "The guest has no such method.";
      return send(["error", id, { code: "CALL_METHOD_UNKNOWN", message, correlationId }]);
    }
    try {
      send(["result", id, await handler(...args)]);
    } catch {
      const message = "The method failed.";
      send(["error", id, { code: "CALL_FAILED", message, correlationId }]);
    }
  };

  const receive = ([kind, first, second, third]: Frame): void => {
    const call = waiting.get(Number(first));
    switch (kind) {
      case "call":
        return void answer(Number(first), String(second), third as unknown[]);
      case "result":
        waiting.delete(Number(first));
        return call?.resolve(second);
      case "error":
        waiting.delete(Number(first));
        return call?.reject(second as WireError);
      case "event":
        return listeners.get(String(first))?.(second, third === true);
      case "state":
        state[String(first)] = second;
        return;
      case "close":
        return end();
    }
  };

  port.addEventListener("message", ({ data }: MessageEvent<Frame[]>) => {
    for (const frame of data) {
      received.push(frame);
      receive(frame);
    }
  });
  port.addEventListener("close", end);
  port.start();
  handlers.set("bridge.ping", () => true);

  return {
    welcome,
    state,
    received,
    get isOpen() {
      return isOpen;
    },
    call(method, ...args) {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      send(["call", lastId, method, args]);
      return promise;
    },
    expose: (method, handler) => void handlers.set(method, handler),
    publish: (topic, payload) => send(["event", topic, payload]),
    subscribe(topic, listener) {
      listeners.set(topic, listener);
      send(["subscribe", topic]);
    },
    unsubscribe(topic) {
      listeners.delete(topic);
      send(["unsubscribe", topic]);
    },
    close() {
      port.postMessage([["close"]]);
      end();
    },
  };
}

// The page that is tested holds this program and nothing else.
Object.assign(globalThis, { connectGuest });
