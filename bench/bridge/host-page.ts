/** The host's side of each contender; the driver calls `window.start` or `window.startAll`. */
import { createHost } from "@breezeway/host";
import * as comlink from "comlink";
import { connect, WindowMessenger } from "penpal";

type Contender = "raw" | "penpal" | "comlink" | "breezeway" | "empty";

const echo = (value: unknown): unknown => value;

Object.assign(window, { start, startAll, startMany, startEmpty });

function frameAt(url: string): HTMLIFrameElement {
  const frame = document.createElement("iframe");
  frame.src = url;
  frame.allow = "cross-origin-isolated";
  return frame;
}

/**
 * Opens a guest of one kind. Resolves to the milliseconds from the frame's creation until the guest
 * is ready. The host knows its session by then, as on a page after sign-in.
 */
async function start(contender: Contender, guestOrigin: string): Promise<number> {
  const ready = readiness(1);
  const mount = contender === "breezeway" ? await breezewayHost(guestOrigin, 1) : undefined;
  const startedAt = performance.now();
  if (mount) mount();
  else {
    const frame = frameAt(`${guestOrigin}/guest?${contender}`);
    if (contender === "raw" || contender === "comlink") givePorts(frame, guestOrigin);
    document.body.append(frame);
    if (contender === "penpal") connectPenpal(frame, guestOrigin);
  }
  await ready;
  return performance.now() - startedAt;
}

/** Opens one guest to which all contenders connect. */
async function startAll(guestOrigin: string): Promise<void> {
  const ready = readiness(1);
  const mount = await breezewayHost(guestOrigin, 1, "all");
  const [frame] = mount();
  if (frame === undefined) throw new Error("no frame");
  givePorts(frame, guestOrigin);
  connectPenpal(frame, guestOrigin);
  await ready;
}

/** Opens many Breezeway guests. Resolves to the milliseconds until the last of them has a token. */
async function startMany(guestOrigin: string, count: number): Promise<number> {
  const ready = readiness(count);
  const mount = await breezewayHost(guestOrigin, count);
  const startedAt = performance.now();
  mount();
  await ready;
  return performance.now() - startedAt;
}

/** Like {@link startMany}, with frames that have no bridge. */
async function startEmpty(guestOrigin: string, count: number): Promise<void> {
  const ready = readiness(count);
  for (let i = 0; i < count; i += 1) document.body.append(frameAt(`${guestOrigin}/guest?empty`));
  await ready;
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

/** @returns a function that mounts the guests */
async function breezewayHost(
  guestOrigin: string,
  count: number,
  contender = "breezeway",
): Promise<() => HTMLIFrameElement[]> {
  const apps = Array.from({ length: count }, (_, i) => ({
    id: `app-${i}`,
    name: `App ${i}`,
    version: "1.0.0",
    url: `${guestOrigin}/guest?${contender}`,
    allow: ["cross-origin-isolated"],
  }));
  // The bench sends more in a second than any guest may.
  const limits = { maxBytesPerSecond: 2 ** 40 };
  const host = createHost({ issuerUrl: "/auth", apps, methods: { echo }, limits });
  await new Promise<void>((resolve) => {
    host.session.subscribe((session) => session && resolve());
  });
  return () => apps.map(({ id }) => host.mount(id, { container: document.body }).element);
}

/** The guest asks for a port by the contender's name. This measurement excludes the handshake. */
function givePorts(frame: HTMLIFrameElement, origin: string): void {
  addEventListener("message", (event: MessageEvent<unknown>) => {
    if (event.source !== frame.contentWindow || event.origin !== origin) return;
    if (event.data !== "raw" && event.data !== "comlink") return;
    const { port1, port2 } = new MessageChannel();
    if (event.data === "comlink") comlink.expose({ echo }, port1);
    else {
      port1.addEventListener("message", ({ data }: MessageEvent<[number, unknown]>) =>
        port1.postMessage([data[0], echo(data[1])]),
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
