/** A registered guest without the SDK, which can send the host any message. */
import { connect, WindowMessenger } from "penpal";
import { arm } from "./attack-window.ts";

type HostMethods = { hello(hello: unknown): unknown };

let port: MessagePort | undefined;
let lastId = 0;
const waiting = new Map<number, (frame: readonly unknown[]) => void>();

arm({
  async hello(lies) {
    const host = await connect<HostMethods>({
      messenger: new WindowMessenger({ remoteWindow: window.parent, allowedOrigins: ["*"] }),
      channel: "breezeway",
    }).promise;
    const answer = (await host.hello({
      protocol: [1, 1],
      sdk: "attack",
      documentId: "attack-document",
      autoRefresh: true,
      ...lies,
    })) as { welcome: unknown; port: MessagePort | null };
    port = answer.port ?? undefined;
    port?.addEventListener("message", ({ data }) => {
      for (const frame of data as (readonly unknown[])[]) {
        const [kind, id] = frame as [string, number];
        if (kind === "result" || kind === "error") waiting.get(id)?.(frame);
        // A call from the host is a heartbeat.
        if (kind === "call") port?.postMessage([["result", id, true]]);
      }
    });
    port?.start();
    return answer.welcome;
  },
  call(method, args) {
    lastId += 1;
    const id = lastId;
    const { promise, resolve } = Promise.withResolvers<unknown>();
    waiting.set(id, resolve);
    port?.postMessage([["call", id, method, args]]);
    return promise;
  },
  post(frame) {
    port?.postMessage([frame]);
  },
});
