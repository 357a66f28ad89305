/** A registered guest without the SDK, which posts what it likes. */
import { randomFrom } from "@breezeway/test-support/random";
import { connect, WindowMessenger } from "penpal";
import { HOSTILE_VALUES, type Posted } from "./hostile-values.ts";

type Post = (posted: Posted) => Promise<unknown>;
type Frame = readonly [kind: string, id: number, value: unknown];

const hostOrigin = document.querySelector<HTMLMetaElement>("meta[name=host]")?.content ?? "";

/** A port of the host's page that reads each message, and does nothing else with it. */
const raw = postThrough(
  await askForPort(),
  (id, value) => [id, value],
  (data) => data as number[],
);
const breezeway = postThrough(
  await shakeHands(),
  (id, value) => [["call", id, "sink", [value]]],
  (data) => (data as Frame[]).flatMap(([kind, id]) => (kind === "call" ? [] : [id])),
);
const posts: Readonly<Record<string, Post>> = { raw, breezeway };
Object.assign(window, { attack });
// The host asks whether its guest is still there (protocol, section 5).
addEventListener("message", ({ data, origin }: MessageEvent<unknown>) => {
  if (origin === hostOrigin && String(data).startsWith("breezeway:"))
    parent.postMessage(data, origin);
});
parent.postMessage("bench-ready", hostOrigin);

// A message that cannot be read is not answered.
const ANSWER_TIMEOUT_MS = 20_000;

/** Posts a value of this type, and resolves when the host has answered, or will not. */
async function attack(contender: string, type: string, seed: number, bytes: number): Promise<void> {
  const posted = HOSTILE_VALUES[type]?.(bytes, randomFrom(seed));
  if (posted === undefined) throw new Error(`no values of ${type}`);
  await Promise.race([
    posts[contender]?.(posted),
    new Promise((resolve) => setTimeout(resolve, ANSWER_TIMEOUT_MS)),
  ]);
}

function postThrough(
  port: MessagePort,
  messageOf: (id: number, value: unknown) => unknown,
  answeredIn: (data: unknown) => readonly number[],
): Post {
  const waiting = new Map<number, () => void>();
  let lastId = 0;
  port.addEventListener("message", ({ data }) => {
    for (const id of answeredIn(data)) waiting.get(id)?.();
  });
  port.start();
  return ({ value, transfer }) => {
    lastId += 1;
    const id = lastId;
    const answered = new Promise<void>((resolve) => waiting.set(id, resolve));
    port.postMessage(messageOf(id, value), [...transfer]);
    return answered;
  };
}

function askForPort(): Promise<MessagePort> {
  return new Promise((resolve) => {
    addEventListener("message", (event: MessageEvent<unknown>) => {
      const [port] = event.ports;
      if (event.origin === hostOrigin && event.data === "sink" && port) resolve(port);
    });
    parent.postMessage("sink", hostOrigin);
  });
}

async function shakeHands(): Promise<MessagePort> {
  const host = await connect<{ hello(hello: object): { readonly port: MessagePort } }>({
    messenger: new WindowMessenger({ remoteWindow: parent, allowedOrigins: [hostOrigin] }),
    channel: "breezeway",
  }).promise;
  const hello = { protocol: [1, 1], sdk: "hostile", documentId: "hostile", autoRefresh: false };
  return (await host.hello(hello)).port;
}
