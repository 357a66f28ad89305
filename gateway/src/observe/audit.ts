/**
 * One line of JSON per decision, by pino: who asked for what, and what was said.
 *
 * Never in a line: tokens, cookies, queries, bodies, header values beyond `Origin`. Losing lines never
 * stops requests; how many were lost is in the metrics.
 */
import { mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { BridgeError } from "@breezeway/shared";
import { pino, destination as pinoDestination, type DestinationStream } from "pino";
import type { ExchangeObserver, ObservedExchange } from "./observer.ts";

/**
 * Where audit lines go: standard output, a file that is appended to, or anything with `write`. The
 * file and its folder are made when they are not there.
 */
export type AuditDestination = "stdout" | { readonly file: string } | DestinationStream;

export interface AuditLog extends ExchangeObserver {
  /** Lines that could not be written, such as with a full disk. */
  readonly dropped: number;
  /** Writes what waits, for a second at most. */
  close(): Promise<void>;
}

// Lines wait in memory for at most this long, or until there are this many bytes.
const FLUSH_EVERY_MS = 1_000;
const BUFFER_BYTES = 4_096;
const MAX_CLOSE_MS = 1_000;
// With a destination that does not take any more, memory must not grow without end.
const MAX_BUFFER_BYTES = 4 * 1024 * 1024;

/** @throws {BridgeError} CONFIG_INVALID when the file cannot be written, naming source and file */
export function createAuditLog(target: AuditDestination, source: string): AuditLog {
  let dropped = 0;
  const file = typeof target === "object" && "write" in target ? undefined : open(target, source);
  file?.on("error", () => (dropped += 1));
  file?.on("drop", () => (dropped += 1));
  const logger = pino(
    { base: null, messageKey: "event", timestamp: () => `,"time":"${new Date().toISOString()}"` },
    file ?? (target as DestinationStream),
  );

  function write(exchange: ObservedExchange, outcome: object): void {
    try {
      logger.info({ ...describe(exchange), ...outcome }, "decision");
    } catch {
      dropped += 1;
    }
  }

  return {
    allowed: (exchange) => write(exchange, { decision: "allow" }),
    finished: (exchange) => {
      // An answer of the upstream was allowed before; a preflight decides nothing.
      if (exchange.reason === undefined) return;
      const { reason, status, session } = exchange;
      const decision = session === undefined || status === 403 ? "refuse" : "fail";
      write(exchange, { decision, reason, status });
    },
    get dropped() {
      return dropped;
    },
    close: async () => {
      if (file === undefined) return;
      // Not flushSync: on a full disk it tries for ever.
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, MAX_CLOSE_MS);
      file.flush(() => resolve());
      await promise;
      clearTimeout(timer);
      file.destroy();
    },
  };
}

function open(
  target: "stdout" | { readonly file: string },
  source: string,
): ReturnType<typeof pinoDestination> {
  return pinoDestination({
    dest: target === "stdout" ? 1 : openFile(target.file, source),
    sync: false,
    minLength: BUFFER_BYTES,
    maxLength: MAX_BUFFER_BYTES,
    periodicFlush: FLUSH_EVERY_MS,
  });
}

// Here and not by pino, which would find out when nobody listens any more.
function openFile(file: string, source: string): number {
  try {
    mkdirSync(dirname(file), { recursive: true });
    return openSync(file, "a");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new BridgeError("CONFIG_INVALID", `${source}: audit: cannot write ${file} (${code}).`, {
      cause: error,
    });
  }
}

function describe({ requestId, head, path, origin, route, session }: ObservedExchange): object {
  return {
    requestId,
    method: head.method,
    path,
    route: route?.prefix,
    origin,
    peer: head.peerAddress,
    user: session?.userId,
    tenant: session?.tenantId,
    app: session?.appId,
    session: session?.handle,
  };
}
