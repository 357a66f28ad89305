/**
 * LISTEN on its own connection. A notification only saves time: the change counter is read twice per
 * second anyway.
 *
 * The connection is silent as long as nothing changes, so a question now and then shows whether it is still
 * there: TCP keeps a connection to a machine that has vanished.
 */
import { Socket } from "node:net";
import { Client, type ClientConfig } from "pg";

export const CHANNEL = "breezeway_change";

const MIN_RETRY_MS = 200;
const MAX_RETRY_MS = 10_000;

export interface ChangeListener {
  start(onWake: () => void): Promise<void>;
  close(): void;
}

/** @param heartbeatMs Time between two questions, and the longest wait for the answer to one. */
export function createChangeListener(
  connection: ClientConfig,
  heartbeatMs: number,
): ChangeListener {
  /** The socket of the listening connection, or of the one that is being opened. */
  let current: Socket | undefined;
  let retry: NodeJS.Timeout | undefined;
  let heartbeat: NodeJS.Timeout | undefined;
  let retryMs = MIN_RETRY_MS;
  let closed = false;

  async function connect(onWake: () => void): Promise<void> {
    const socket = new Socket();
    current = socket;
    const next = new Client({
      ...connection,
      query_timeout: heartbeatMs,
      stream: () => socket,
    });
    // A lost connection may emit both events; only the first one counts.
    let lost = false;
    const onLost = (): void => {
      if (lost) return;
      lost = true;
      clearInterval(heartbeat);
      socket.destroy();
      schedule(onWake);
    };
    next.on("error", onLost);
    next.on("end", onLost);
    next.on("notification", () => onWake());
    try {
      await next.connect();
      await next.query(`listen ${CHANNEL}`);
    } catch {
      onLost();
      return;
    }
    if (lost || closed) return;
    retryMs = MIN_RETRY_MS;
    heartbeat = setInterval(() => {
      next.query("select 1").catch(onLost);
    }, heartbeatMs);
    heartbeat.unref();
    // Changes may have been announced before the connection listened.
    onWake();
  }

  function schedule(onWake: () => void): void {
    if (closed) return;
    clearTimeout(retry);
    retry = setTimeout(() => void connect(onWake), retryMs);
    retry.unref();
    retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
  }

  return {
    start: connect,
    close: () => {
      closed = true;
      clearTimeout(retry);
      clearInterval(heartbeat);
      // Closes the socket at once: a server that was cut off would never answer the termination.
      current?.destroy();
    },
  };
}
