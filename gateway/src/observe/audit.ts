/**
 * The audit log: one line of JSON per decision, with the caller, the request and the outcome.
 *
 * A line never has tokens, cookies, queries, bodies, or header values other than `Origin`. Lost lines never
 * stop requests; a metric counts them.
 */
import { mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { BridgeError } from "@breezeway/shared";
import { pino, destination as pinoDestination, type DestinationStream } from "pino";
import type { ExchangeObserver, ObservedExchange } from "./observer.ts";

/**
 * Where audit lines go: standard output, a file to append to, or an object with `write`. The gateway
 * creates a missing file and its folder.
 */
export type AuditDestination = "stdout" | { readonly file: string } | DestinationStream;

export interface AuditLog extends ExchangeObserver {
  /** Lines that could not be written, for example because the disk is full. */
  readonly dropped: number;
  /** Writes buffered lines, for one second at most. */
  close(): Promise<void>;
}

// Lines wait in memory until this time has passed, or until they have this many bytes.
const FLUSH_EVERY_MS = 1_000;
const BUFFER_BYTES = 4_096;
const MAX_CLOSE_MS = 1_000;
// Bounds memory while the destination accepts nothing.
const MAX_BUFFER_BYTES = 4 * 1024 * 1024;

/** @throws {BridgeError} CONFIG_INVALID, when the file cannot be written, naming source and file */
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
      // Without a reason it is an upstream's answer, whose request was logged by `allowed`, or a preflight.
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
      // Not flushSync, which retries without end on a full disk.
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

// Opened here, because pino would report a failure after `createGateway` has returned.
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

function describe(exchange: ObservedExchange): object {
  const { requestId, head, path, origin, route, session, appVersion } = exchange;
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
    version: appVersion?.version,
    channel: appVersion?.channel,
    session: session?.handle,
  };
}
