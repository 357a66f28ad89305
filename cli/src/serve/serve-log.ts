/** The log of a running server: one JSON object per line, like its audit logs. It never holds secrets. */
import { reasonFor } from "./reason-for.ts";

export type ServeEvent =
  | "listening"
  | "reloaded"
  | "reload-refused"
  | "failure"
  | "stopping"
  | "stopped";

export interface ServeLog {
  event(name: ServeEvent, fields?: Readonly<Record<string, string | number>>): void;
  /** Logs a failure that no caller receives. A repeated failure is logged once a minute. */
  failure(part: "issuer" | "gateway" | "serve", error: unknown): void;
}

const REPEAT_MS = 60_000;

export function createServeLog(write: (line: string) => void): ServeLog {
  const loggedAtMs = new Map<string, number>();
  const event: ServeLog["event"] = (name, fields = {}) => {
    const time = new Date().toISOString();
    write(JSON.stringify({ time, log: "serve", event: name, ...fields }));
  };
  return {
    event,
    failure: (part, error) => {
      const why = reasonFor(error);
      const key = `${part} ${why}`;
      const nowMs = performance.now();
      const last = loggedAtMs.get(key);
      if (last !== undefined && nowMs - last < REPEAT_MS) return;
      loggedAtMs.set(key, nowMs);
      event("failure", { part, why });
    },
  };
}
