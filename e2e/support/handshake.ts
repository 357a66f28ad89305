/** The handshake of a guest without the SDK. */
import type { Frame } from "@playwright/test";

declare global {
  interface Window {
    /** The port of a guest that has shaken hands by itself. */
    rawPort: MessagePort;
  }
}

/** Shakes hands with the host as any script of the app's origin could, and keeps the port as `window.rawPort`. */
export async function shakeHands(frame: Frame, { autoRefresh = false } = {}): Promise<void> {
  await frame.evaluate(async (wantsTokens) => {
    const { connect, WindowMessenger } = window.penpal;
    const host = await connect<{ hello(hello: unknown): unknown }>({
      messenger: new WindowMessenger({ remoteWindow: window.parent, allowedOrigins: ["*"] }),
      channel: "breezeway",
    }).promise;
    const { port } = (await host.hello({
      protocol: [1, 1],
      sdk: "attack",
      documentId: "attack-document",
      autoRefresh: wantsTokens,
    })) as { port: MessagePort };
    window.rawPort = port;
  }, autoRefresh);
}
