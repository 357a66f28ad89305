/** The host's side of each contender, for one frame at a time; the driver calls `window.start`. */
import { createHost } from "@breezeway/host";
import * as comlink from "comlink";
import { connect, WindowMessenger } from "penpal";

type Contender = "raw" | "penpal" | "comlink" | "breezeway";

const echo = (value: unknown): unknown => value;

Object.assign(window, { start, startMany, startEmpty, stop });

let cleanUp: (() => void)[] = [];

function frameAt(url: string): HTMLIFrameElement {
  const frame = document.createElement("iframe");
  frame.src = url;
  cleanUp.push(() => frame.remove());
  return frame;
}

/** Opens a guest of one kind; resolves when it says that it is ready. */
async function start(contender: Contender, guestOrigin: string): Promise<void> {
  const ready = readiness(1);
  const url = `${guestOrigin}/guest?${contender}`;
  if (contender === "breezeway") mountBreezeway(guestOrigin, 1);
  else {
    const frame = frameAt(url);
    if (contender !== "penpal") listenForPort(frame, guestOrigin, contender);
    document.body.append(frame);
    if (contender === "penpal") connectPenpal(frame, guestOrigin);
  }
  await ready;
}

/** Opens many Breezeway guests, and gives the milliseconds until the last of them has a token. */
async function startMany(guestOrigin: string, count: number): Promise<number> {
  const ready = readiness(count);
  const startedAt = performance.now();
  mountBreezeway(guestOrigin, count);
  await ready;
  return performance.now() - startedAt;
}

/** As {@link startMany}, with frames that have no bridge in them. */
async function startEmpty(guestOrigin: string, count: number): Promise<void> {
  const ready = readiness(count);
  for (let i = 0; i < count; i += 1) document.body.append(frameAt(`${guestOrigin}/guest?empty`));
  await ready;
}

function stop(): void {
  for (const clean of cleanUp) clean();
  cleanUp = [];
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

function mountBreezeway(guestOrigin: string, count: number): void {
  const apps = Array.from({ length: count }, (_, i) => ({
    id: `app-${i}`,
    name: `App ${i}`,
    version: "1.0.0",
    url: `${guestOrigin}/guest?breezeway`,
  }));
  const host = createHost({ issuerUrl: "/auth", apps, methods: { echo } });
  for (const { id } of apps) host.mount(id, { container: document.body });
  cleanUp.push(() => host.close());
}

/** The guest asks for a port; the handshake is not what is measured here. */
function listenForPort(
  frame: HTMLIFrameElement,
  origin: string,
  contender: "raw" | "comlink",
): void {
  const listen = (event: MessageEvent<unknown>): void => {
    if (event.source !== frame.contentWindow || event.origin !== origin) return;
    if (event.data !== "port") return;
    const { port1, port2 } = new MessageChannel();
    if (contender === "comlink") comlink.expose({ echo }, port1);
    else {
      port1.addEventListener("message", ({ data }: MessageEvent<[number, unknown]>) =>
        port1.postMessage([data[0], echo(data[1])]),
      );
      port1.start();
    }
    frame.contentWindow?.postMessage("port", origin, [port2]);
  };
  addEventListener("message", listen);
  cleanUp.push(() => removeEventListener("message", listen));
}

function connectPenpal(frame: HTMLIFrameElement, origin: string): void {
  if (frame.contentWindow === null) return;
  const connection = connect({
    messenger: new WindowMessenger({
      remoteWindow: frame.contentWindow,
      allowedOrigins: [origin],
    }),
    methods: { echo },
  });
  cleanUp.push(() => connection.destroy());
}
