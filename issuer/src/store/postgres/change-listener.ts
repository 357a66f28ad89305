/**
 * LISTEN on a connection of its own. It only wakes: when it is down nothing is wrong, only later,
 * since the change counter is read twice a second anyway.
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

export function createChangeListener(connection: ClientConfig): ChangeListener {
  /** Of the connection that listens, or is about to. */
  let current: Socket | undefined;
  let retry: NodeJS.Timeout | undefined;
  let retryMs = MIN_RETRY_MS;
  let closed = false;

  async function connect(onWake: () => void): Promise<void> {
    const socket = new Socket();
    current = socket;
    const next = new Client({ ...connection, stream: () => socket });
    // Both events may come for one loss; the flag lets the first of them count.
    let lost = false;
    const onLost = (): void => {
      if (lost) return;
      lost = true;
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
      socket.destroy();
      return;
    }
    retryMs = MIN_RETRY_MS;
    // Whatever was announced while nobody listened.
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
    close() {
      closed = true;
      clearTimeout(retry);
      // Without the goodbye, whose answer may never come from a server that was cut off.
      current?.destroy();
    },
  };
}
