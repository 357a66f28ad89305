/** The host's side of each contender; the driver calls `window.start` or `window.startAll`. */
import { createHost } from "@breezeway/host";
import * as comlink from "comlink";
import { connect, WindowMessenger } from "penpal";

/** Hosts of Breezeway, by what is special about them. */
const HOSTS = {
  breezeway: {},
  "breezeway-50": { issuerUrl: "/auth-50" },
  "breezeway-50-asked": { issuerUrl: "/auth-50", platform: hiddenPage() },
} as const;

type Contender = "raw" | "penpal" | "comlink" | "empty" | keyof typeof HOSTS;

type OwnOptions = Partial<Parameters<typeof createHost>[0]>;

/** A page that nobody sees mints nothing ahead. */
function hiddenPage(): NonNullable<OwnOptions["platform"]> {
  return {
    visibility: { isVisible: false, onVisible: () => () => undefined },
    openStream: (url) => new EventSource(url),
  };
}

const echo = (value: unknown): unknown => value;
/** Takes a value and does nothing with it. */
const sink = (_value: unknown): true => true;

Object.assign(window, { start, startAll, startMany, startEmpty, startHostile, watchStalls });

function frameAt(url: string): HTMLIFrameElement {
  const frame = document.createElement("iframe");
  frame.src = url;
  frame.allow = "cross-origin-isolated";
  return frame;
}

/**
 * Opens a guest of one kind. Resolves to the epoch milliseconds of the frame's creation once the guest is
 * ready. The host knows its session by then, as on a page after sign-in.
 */
async function start(contender: Contender, guestOrigin: string): Promise<number> {
  const ready = readiness(1);
  const mount =
    contender in HOSTS
      ? await breezewayHost(
          [`${guestOrigin}/guest?breezeway`],
          HOSTS[contender as keyof typeof HOSTS],
        )
      : undefined;
  const createdAt = performance.timeOrigin + performance.now();
  if (mount) mount();
  else {
    const frame = frameAt(`${guestOrigin}/guest?${contender}`);
    if (contender === "raw" || contender === "comlink") givePorts(frame, guestOrigin);
    document.body.append(frame);
    if (contender === "penpal") connectPenpal(frame, guestOrigin);
  }
  await ready;
  return createdAt;
}

/** Opens one guest to which all contenders connect. */
async function startAll(guestOrigin: string): Promise<void> {
  const ready = readiness(1);
  const mount = await breezewayHost([`${guestOrigin}/guest?all`]);
  const [frame] = mount();
  if (frame === undefined) throw new Error("no frame");
  givePorts(frame, guestOrigin);
  connectPenpal(frame, guestOrigin);
  await ready;
}

/** Opens many Breezeway guests. Resolves to the milliseconds until the last of them has a token. */
async function startMany(guestOrigin: string, count: number): Promise<number> {
  const ready = readiness(count);
  const mount = await breezewayHost(
    Array.from({ length: count }, () => `${guestOrigin}/guest?breezeway`),
  );
  const startedAt = performance.now();
  mount();
  await ready;
  return performance.now() - startedAt;
}

/** Like {@link startMany}, with frames that have no bridge. */
async function startEmpty(guestOrigin: string, count: number): Promise<number> {
  const ready = readiness(count);
  const startedAt = performance.now();
  for (let i = 0; i < count; i += 1) document.body.append(frameAt(`${guestOrigin}/guest?empty`));
  await ready;
  return performance.now() - startedAt;
}

/** Opens a guest that posts what it likes, and another one beside it. */
async function startHostile(guestOrigin: string): Promise<void> {
  const ready = readiness(2);
  const urls = [`${guestOrigin}/hostile`, `${guestOrigin}/guest?breezeway`];
  const mount = await breezewayHost(urls);
  const [frame] = mount();
  if (frame === undefined) throw new Error("no frame");
  givePorts(frame, guestOrigin);
  await ready;
}

/**
 * Starts to watch for tasks that keep the page from others.
 *
 * @returns a function that ends the watch and returns the longest, in milliseconds
 */
function watchStalls(): () => number {
  const { port1, port2 } = new MessageChannel();
  let last = performance.now();
  let longest = 0;
  port1.addEventListener("message", () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    port2.postMessage(0);
  });
  port1.start();
  port2.postMessage(0);
  return () => {
    port1.close();
    return Math.max(longest, performance.now() - last);
  };
}

function readiness(count: number): Promise<void> {
  let left = count;
  return new Promise((resolve) => {
    const listen = ({ data }: MessageEvent<unknown>): void => {
      if (data !== "bench-ready") return;
      left -= 1;
      if (left > 0) return;
      removeEventListener("message", listen);
      resolve();
    };
    addEventListener("message", listen);
  });
}

/** @returns a function that mounts an app for each URL */
async function breezewayHost(
  urls: readonly string[],
  options: OwnOptions = {},
): Promise<() => HTMLIFrameElement[]> {
  const apps = urls.map((url, i) => ({
    id: `app-${i}`,
    name: `App ${i}`,
    version: "1.0.0",
    url,
    allow: ["cross-origin-isolated"],
  }));
  // The bench sends more in a second than any guest may, and refusals must not end it.
  const limits = { maxBytesPerSecond: 2 ** 40, maxViolations: 2 ** 40 };
  const host = createHost({
    issuerUrl: "/auth",
    apps,
    methods: { echo, sink },
    limits,
    ...options,
  });
  await new Promise<void>((resolve) => {
    host.session.subscribe((session) => session && resolve());
  });
  return () => apps.map(({ id }) => host.mount(id, { container: document.body }).element);
}

/** The guest asks for a port by the contender's name. This measurement excludes the handshake. */
function givePorts(frame: HTMLIFrameElement, origin: string): void {
  addEventListener("message", (event: MessageEvent<unknown>) => {
    if (event.source !== frame.contentWindow || event.origin !== origin) return;
    if (event.data !== "raw" && event.data !== "sink" && event.data !== "comlink") return;
    const { port1, port2 } = new MessageChannel();
    const answer = event.data === "sink" ? sink : echo;
    if (event.data === "comlink") comlink.expose({ echo }, port1);
    else {
      port1.addEventListener("message", ({ data }: MessageEvent<[number, unknown]>) =>
        port1.postMessage([data[0], answer(data[1])]),
      );
      port1.start();
    }
    frame.contentWindow?.postMessage(event.data, origin, [port2]);
  });
}

function connectPenpal(frame: HTMLIFrameElement, origin: string): void {
  if (frame.contentWindow === null) return;
  connect({
    messenger: new WindowMessenger({
      remoteWindow: frame.contentWindow,
      allowedOrigins: [origin],
    }),
    methods: { echo },
  });
}
