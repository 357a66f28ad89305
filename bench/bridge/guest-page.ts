/** The guest's side of each contender: an `echo` across the bridge, and what is measured with it. */
import { createAppBridge } from "@breezeway/guest";
import * as comlink from "comlink";
import { connect, WindowMessenger } from "penpal";

type Echo = (value: unknown) => Promise<unknown>;

const contender = location.search.slice(1);
const hostOrigin = document.querySelector<HTMLMetaElement>("meta[name=host]")?.content ?? "";

Object.assign(window, { sequential, inFlight, payload });
const echo = await open();
await echo("first");
// To nobody in particular, and nothing in it: the driver's signal that it can begin.
parent.postMessage("bench-ready", hostOrigin);

async function open(): Promise<Echo> {
  switch (contender) {
    // A frame without a bridge, for what a bridge adds to it.
    case "empty":
      return async () => undefined;
    case "breezeway": {
      const bridge = await createAppBridge({ hostOrigins: [hostOrigin] });
      return (value) => bridge.method.call("echo", value);
    }
    case "penpal": {
      const connection = connect<{ echo: Echo }>({
        messenger: new WindowMessenger({ remoteWindow: parent, allowedOrigins: [hostOrigin] }),
      });
      const remote = await connection.promise;
      return (value) => remote.echo(value);
    }
    case "comlink": {
      const remote = comlink.wrap<{ echo: Echo }>(await askForPort());
      return (value) => remote.echo(value);
    }
    default:
      return rawEcho(await askForPort());
  }
}

function askForPort(): Promise<MessagePort> {
  return new Promise((resolve) => {
    addEventListener("message", (event: MessageEvent<unknown>) => {
      const [port] = event.ports;
      if (event.origin === hostOrigin && port) resolve(port);
    });
    parent.postMessage("port", hostOrigin);
  });
}

/** What a careful person would write by hand: ids, a map, nothing else. */
function rawEcho(port: MessagePort): Echo {
  const waiting = new Map<number, (value: unknown) => void>();
  let lastId = 0;
  port.addEventListener("message", ({ data }: MessageEvent<[number, unknown]>) => {
    waiting.get(data[0])?.(data[1]);
    waiting.delete(data[0]);
  });
  port.start();
  return (value) =>
    new Promise((resolve) => {
      lastId += 1;
      waiting.set(lastId, resolve);
      port.postMessage([lastId, value]);
    });
}

// The clock of a page that is not cross-origin isolated moves in steps of 100 µs.
const BLOCK = 20;

/** Microseconds of a call, the mean over blocks of calls one after another. */
async function sequential(blocks: number): Promise<number[]> {
  const times: number[] = [];
  for (let block = 0; block < blocks; block += 1) {
    const startedAt = performance.now();
    for (let i = 0; i < BLOCK; i += 1) await echo(i);
    times.push(((performance.now() - startedAt) * 1000) / BLOCK);
  }
  return times;
}

/** Calls per second with `width` of them under way at any time. */
async function inFlight(width: number, rounds: number): Promise<number> {
  const startedAt = performance.now();
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(Array.from({ length: width }, (_, i) => echo(i)));
  }
  return (width * rounds * 1000) / (performance.now() - startedAt);
}

/** Milliseconds of the median call with an object of about this many bytes. */
async function payload(bytes: number, count: number): Promise<number> {
  const rows = Math.max(1, Math.round(bytes / 100));
  const value = Array.from({ length: rows }, (_, i) => ({
    id: i,
    name: "x".repeat(60),
    open: true,
  }));
  const times: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const startedAt = performance.now();
    await echo(value);
    times.push(performance.now() - startedAt);
  }
  return times.sort((a, b) => a - b)[Math.floor(count / 2)] ?? NaN;
}
