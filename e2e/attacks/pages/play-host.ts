import { connect, Reply, WindowMessenger } from "penpal";

/** Answers a guest's handshake as a host would, with a gateway of the attacker's. */
export function playHost(remoteWindow: Window): void {
  const { promise } = connect({
    messenger: new WindowMessenger({ remoteWindow, allowedOrigins: ["*"] }),
    channel: "breezeway",
    methods: {
      hello() {
        const { port1, port2 } = new MessageChannel();
        port1.start();
        const welcome = {
          ok: true,
          protocol: 1,
          appId: "orders",
          capabilities: ["customers:read"],
          context: undefined,
          theme: { scheme: "light" },
          locale: "en",
          session: { userId: "mallory", tenantId: "acme", handle: "forged" },
          token: null,
          gatewayUrl: location.origin,
          nowMs: Date.now(),
        };
        return new Reply({ welcome, port: port2 }, { transferables: [port2] });
      },
    },
  });
  promise.catch(() => undefined);
}
