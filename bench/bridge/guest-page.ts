/** The guest's side of each contender: an `echo` across the bridge, with its measurements. */
import { createAppBridge } from "@breezeway/guest";
import * as comlink from "comlink";
import { connect, WindowMessenger } from "penpal";

type Echo = (value: unknown) => Promise<unknown>;

const hostOrigin = document.querySelector<HTMLMetaElement>("meta[name=host]")?.content ?? "";

/** Epoch milliseconds of the steps of the start. */
const steps: Record<string, number> = {};

function reached(step: string): void {
  steps[step] = performance.timeOrigin + performance.now();
}

const OPENERS: Readonly<Record<string, () => Promise<Echo>>> = {
  // A frame without a bridge, which shows what a bridge adds.
  empty: async () => async () => undefined,
  raw: async () => rawEcho(await askForPort("raw")),
  async penpal() {
    const connection = connect<{ echo: Echo }>({
      messenger: new WindowMessenger({ remoteWindow: parent, allowedOrigins: [hostOrigin] }),
    });
    const remote = await connection.promise;
    reached("connected");
    return (value) => remote.echo(value);
  },
  async comlink() {
    const remote = comlink.wrap<{ echo: Echo }>(await askForPort("comlink"));
    return (value) => remote.echo(value);
  },
  async breezeway() {
    const bridge = await createAppBridge({ hostOrigins: [hostOrigin] });
    reached("connected");
    // The start includes a token: a guest is ready when it can make an authenticated request.
    await bridge.getSessionToken();
    return (value) => bridge.method.call("echo", value);
  },
};

reached("script");
const wanted = location.search.slice(1);
const echoes = new Map<string, Echo>();
for (const [name, open] of Object.entries(OPENERS)) {
  if (wanted !== "all" && wanted !== name) continue;
  const echo = await open();
  reached("token");
  await echo("first");
  echoes.set(name, echo);
}
reached("answer");
const [loaded] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
steps["navigation"] = performance.timeOrigin;
steps["response"] = performance.timeOrigin + (loaded?.responseEnd ?? NaN);
steps["connected"] ??= steps["token"] ?? NaN;
Object.assign(window, { sequential, inFlight, payload, keepCalling, steps });
// The message is empty and has no target: it only signals to the driver that it can begin.
parent.postMessage("bench-ready", hostOrigin);

function echoOf(contender: string): Echo {
  const echo = echoes.get(contender);
  if (echo === undefined) throw new Error(`no ${contender}`);
  return echo;
}

function askForPort(contender: string): Promise<MessagePort> {
  return new Promise((resolve) => {
    addEventListener("message", (event: MessageEvent<unknown>) => {
      const [port] = event.ports;
      if (event.origin === hostOrigin && event.data === contender && port) resolve(port);
    });
    parent.postMessage(contender, hostOrigin);
  });
}

/** A careful hand-written bridge: ids and a map, nothing else. */
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

// The first calls of a turn find caches with another contender's data.
const WARM_UP = 30;

/** The duration of each of some sequential calls, in microseconds. */
async function sequential(contender: string, count: number): Promise<number[]> {
  const echo = echoOf(contender);
  const times: number[] = [];
  for (let i = 0; i < WARM_UP + count; i += 1) {
    const startedAt = performance.now();
    await echo(i);
    times.push((performance.now() - startedAt) * 1000);
  }
  return times.slice(WARM_UP);
}

/** Calls per second with `width` of them under way at any time. */
async function inFlight(contender: string, width: number, rounds: number): Promise<number> {
  const echo = echoOf(contender);
  const startedAt = performance.now();
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(Array.from({ length: width }, (_, i) => echo(i)));
  }
  return (width * rounds * 1000) / (performance.now() - startedAt);
}

/** Milliseconds of each call with an object of about this many bytes. */
async function payload(contender: string, bytes: number, count: number): Promise<number[]> {
  const echo = echoOf(contender);
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
  return times;
}

/**
 * Calls again and again.
 *
 * @returns a function that ends this and resolves to the longest wait, in milliseconds
 */
function keepCalling(contender: string): () => Promise<number> {
  const echo = echoOf(contender);
  const state = { isEnded: false };
  const longest = (async () => {
    let found = 0;
    while (!state.isEnded) {
      const startedAt = performance.now();
      try {
        await echo(1);
      } catch {
        // The host was busy for so long that it took this guest for gone.
        return Infinity;
      }
      found = Math.max(found, performance.now() - startedAt);
    }
    return found;
  })();
  return () => {
    state.isEnded = true;
    return longest;
  };
}
