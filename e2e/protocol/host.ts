/**
 * A host, written from `docs/protocol.md` and the vectors alone: sections 1 to 6 and 11 to 13. It imports
 * nothing.
 */

type Frame = readonly [kind: string, ...rest: unknown[]];

interface App {
  readonly id: string;
  readonly origin: string;
  readonly url: string;
  readonly capabilities: readonly string[];
}

interface Session {
  readonly handle: string;
  readonly userId: string;
  readonly tenantId: string;
}

interface Envelope {
  readonly namespace?: unknown;
  readonly channel?: unknown;
  readonly type?: unknown;
  readonly participantId?: unknown;
  readonly id?: unknown;
  readonly methodPath?: unknown;
  readonly args?: readonly unknown[];
}

interface Handler {
  readonly capability?: string;
  readonly run: (...args: unknown[]) => unknown;
}

export interface Host {
  readonly received: readonly Frame[];
  readonly session: Session | null;
  /** How often a guest has said hello. */
  readonly hellos: number;
  /** Asks whether the guest is still in the frame. */
  isPresent(): Promise<boolean>;
  publish(topic: string, payload: unknown, isRetained?: boolean): void;
  call(method: string, ...args: unknown[]): Promise<unknown>;
  pushState(key: string, value: unknown): void;
}

const ENVELOPE = { namespace: "penpal", channel: "breezeway" } as const;

/** Section 11: requests of a page to its issuer. */
async function askIssuer(method: string, path: string, body?: object): Promise<Response> {
  return fetch(`/auth${path}`, {
    method,
    headers: {
      "X-Breezeway-Request": "1",
      ...(body ? { "Content-Type": "application/json" } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
}

async function fetchSession(): Promise<Session | null> {
  const answer = await askIssuer("GET", "/session");
  return answer.ok ? ((await answer.json()) as Session) : null;
}

/** Section 2.2: a token as a guest gets it. */
async function mint(appId: string): Promise<object | null> {
  const answer = await askIssuer("POST", "/session/token", { appId });
  if (!answer.ok) return null;
  const { token, expiresAt } = (await answer.json()) as { token: string; expiresAt: number };
  const part = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
  const { iat } = JSON.parse(atob(part)) as { iat: number };
  return { token, issuedAtSeconds: iat, expiresAtSeconds: expiresAt, nowMs: Date.now() };
}

/** Sections 2 to 6, as the host, for one frame of one app. */
export async function startHost(app: App, methods: Record<string, Handler>): Promise<Host> {
  const frame = document.createElement("iframe");
  const participantId = `~${crypto.randomUUID()}`;
  const received: Frame[] = [];
  const subscriptions = new Set<string>();
  const retained = new Map<string, unknown>();
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let session = await fetchSession();
  let port: MessagePort | undefined;
  let knownId: unknown;
  let lastId = 0;
  let hellos = 0;

  const send = (...frames: Frame[]): void => port?.postMessage(frames);
  const told = (): Session | null =>
    session && { userId: session.userId, tenantId: session.tenantId, handle: session.handle };

  const welcome = async (): Promise<object> => ({
    ok: true,
    protocol: 1,
    appId: app.id,
    capabilities: app.capabilities,
    context: { page: "home" },
    theme: { scheme: "dark", tokens: { accent: "#0b6e4f" } },
    locale: "de-DE",
    session: told(),
    token: session && (await mint(app.id)),
    gatewayUrl: null,
  });

  const builtIns: Record<string, Handler> = {
    getSessionToken: { run: async () => ((await mint(app.id)) as { token: string }).token },
    "bridge.token": { run: () => mint(app.id) },
    "bridge.ping": { run: () => true },
  };

  const answer = async (id: number, method: string, args: unknown[]): Promise<void> => {
    const fail = (code: string): void =>
      send(["error", id, { code, message: "Refused.", correlationId: crypto.randomUUID() }]);
    const all = new Map(Object.entries({ ...methods, ...builtIns }));
    const handler = all.get(method);
    if (!handler) return fail("CALL_METHOD_UNKNOWN");
    const { capability, run } = handler;
    if (capability !== undefined && !app.capabilities.includes(capability)) {
      return fail("CAPABILITY_MISSING");
    }
    try {
      send(["result", id, await run(...args)]);
    } catch {
      fail("CALL_FAILED");
    }
  };

  const receive = ([kind, first, second, third]: Frame): void => {
    const topic = String(first);
    const call = waiting.get(Number(first));
    if (kind === "call") void answer(Number(first), String(second), third as unknown[]);
    else if (kind === "result") call?.resolve(second);
    else if (kind === "error") call?.reject(second);
    else if (kind === "subscribe") {
      subscriptions.add(topic);
      if (retained.has(topic)) send(["event", topic, retained.get(topic), true]);
    } else if (kind === "unsubscribe") subscriptions.delete(topic);
    else if (kind === "close") port = undefined;
  };

  const onHello = async (handshake: MessagePort, { id }: Envelope): Promise<void> => {
    hellos += 1;
    port?.close();
    const channel = new MessageChannel();
    const value = { welcome: await welcome(), port: channel.port2 };
    port = channel.port1;
    port.addEventListener("message", ({ data }: MessageEvent<Frame[]>) => {
      received.push(...data);
      for (const each of data) receive(each);
    });
    port.start();
    handshake.postMessage({ ...ENVELOPE, type: "REPLY", callId: id, value }, [channel.port2]);
  };

  addEventListener("message", (event: MessageEvent<Envelope>) => {
    if (event.origin !== app.origin || event.source !== frame.contentWindow) return;
    const { data } = event;
    if (data?.namespace !== ENVELOPE.namespace || data.channel !== ENVELOPE.channel) return;
    const post = (message: object): void =>
      frame.contentWindow?.postMessage({ ...ENVELOPE, ...message }, app.origin);
    if (data.type === "SYN" && data.participantId !== knownId) {
      knownId = data.participantId;
      post({ type: "SYN", participantId });
      post({ type: "ACK1", methodPaths: [["hello"]] });
    }
    const [handshake] = event.ports;
    if (data.type !== "ACK2" || !handshake) return;
    handshake.addEventListener("message", ({ data: call }: MessageEvent<Envelope>) => {
      const path = call.methodPath as string[] | undefined;
      if (call.type === "CALL" && path?.join(".") === "hello") void onHello(handshake, call);
    });
    handshake.start();
  });

  // Section 13. The stream carries no event from before it opened, so the session is asked for each
  // time that it opens. One request follows the other: an older answer never overwrites a newer one.
  const refresh = async (): Promise<void> => {
    session = await fetchSession();
    send(["state", "session", told()]);
    send(["state", "token", session && (await mint(app.id))]);
  };
  let refreshing = Promise.resolve();
  const events = new EventSource("/auth/session/events");
  for (const name of ["open", "tenant-changed", "claims-changed", "revoked", "signed-out"]) {
    events.addEventListener(name, () => {
      refreshing = refreshing.then(refresh, refresh);
    });
  }

  frame.src = app.url;
  document.body.append(frame);
  return {
    received,
    get session() {
      return session;
    },
    get hellos() {
      return hellos;
    },
    // Section 5.
    isPresent() {
      const question = `breezeway:${crypto.randomUUID()}`;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      addEventListener("message", (event: MessageEvent<unknown>) => {
        if (event.origin !== app.origin || event.source !== frame.contentWindow) return;
        if (event.data === question) resolve(true);
      });
      frame.contentWindow?.postMessage(question, app.origin);
      setTimeout(resolve, 2_000, false);
      return promise;
    },
    publish(topic, payload, isRetained = false) {
      if (isRetained) retained.set(topic, payload);
      if (!subscriptions.has(topic)) return;
      send(isRetained ? ["event", topic, payload, true] : ["event", topic, payload]);
    },
    call(method, ...args) {
      lastId += 1;
      const call = Promise.withResolvers<unknown>();
      waiting.set(lastId, call);
      send(["call", lastId, method, args]);
      return call.promise;
    },
    pushState: (key, value) => send(["state", key, value]),
  };
}

// The page that is tested holds this program and nothing else.
Object.assign(globalThis, { startHost });
