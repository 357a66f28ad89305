/** What a running server says: one JSON object per line, as its audit logs do. Never a secret. */
import { reasonFor } from "./reason-for.ts";

export type ServeEvent =
  "listening" | "reloaded" | "reload-refused" | "failure" | "stopping" | "stopped";

export interface ServeLog {
  say(event: ServeEvent, fields?: Readonly<Record<string, string | number>>): void;
  /** A failure that no caller hears of. The same one is said once a minute while it lasts. */
  fail(part: "issuer" | "gateway" | "serve", error: unknown): void;
}

const REPEAT_MS = 60_000;

export function createServeLog(write: (line: string) => void): ServeLog {
  const saidAtMs = new Map<string, number>();
  const say: ServeLog["say"] = (event, fields = {}) => {
    write(JSON.stringify({ time: new Date().toISOString(), log: "serve", event, ...fields }));
  };
  return {
    say,
    fail(part, error) {
      const why = reasonFor(error);
      const key = `${part} ${why}`;
      const nowMs = performance.now();
      const last = saidAtMs.get(key);
      if (last !== undefined && nowMs - last < REPEAT_MS) return;
      saidAtMs.set(key, nowMs);
      say("failure", { part, why });
    },
  };
}
