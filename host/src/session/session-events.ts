/**
 * The issuer's event stream: what happens to the session elsewhere. `EventSource` reconnects by
 * itself after a lost connection; after an answer that is an error it gives up for good, and then
 * the session is asked for before the stream is opened again.
 *
 * Nothing replays what happened before a stream that knows of no event yet, nor all of it to one that
 * was away for long: with each one that opens, the page has to ask for what it knows.
 */
import { isRecord } from "@breezeway/shared";
import type { Clock, Unsubscribe } from "@breezeway/shared/channel";

/** The part of `EventSource` that is used. */
export interface SessionEventStream {
  readonly readyState: number;
  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void;
  close(): void;
}

export interface SessionEventsOptions {
  readonly url: string;
  readonly open: (url: string) => SessionEventStream;
  readonly clock: Clock;
  readonly onEnded: () => void;
  readonly onTenant: (tenantId: string | undefined) => void;
  readonly onClaims: () => void;
  readonly onInstallations: () => void;
  /** From here on the issuer tells of changes, and not of those before. */
  readonly onOpen: () => void;
  /** The stream cannot be had; resolves to whether it is worth trying again. */
  readonly recheck: () => Promise<boolean>;
}

const CLOSED = 2;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;

/** @returns a function that ends the stream */
export function followSessionEvents(options: SessionEventsOptions): Unsubscribe {
  const { clock } = options;
  let stream: SessionEventStream | undefined;
  let timer: unknown;
  let retryMs = FIRST_RETRY_MS;
  let isStopped = false;

  const open = (): void => {
    const opened = options.open(options.url);
    stream = opened;
    opened.addEventListener("open", () => {
      retryMs = FIRST_RETRY_MS;
      options.onOpen();
    });
    opened.addEventListener("revoked", options.onEnded);
    opened.addEventListener("signed-out", options.onEnded);
    opened.addEventListener("tenant-changed", ({ data }) => options.onTenant(tenantOf(data)));
    opened.addEventListener("claims-changed", options.onClaims);
    opened.addEventListener("installations-changed", options.onInstallations);
    opened.addEventListener("error", () => {
      if (opened.readyState === CLOSED) void reopen();
    });
  };

  const reopen = async (): Promise<void> => {
    const isWorthwhile = await options.recheck();
    if (isStopped || !isWorthwhile) return;
    timer = clock.setTimer(open, retryMs);
    retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
  };

  open();
  return () => {
    isStopped = true;
    clock.clearTimer(timer);
    stream?.close();
  };
}

function tenantOf(data: unknown): string | undefined {
  try {
    const value: unknown = JSON.parse(String(data));
    return isRecord(value) && typeof value["tenantId"] === "string" ? value["tenantId"] : undefined;
  } catch {
    return undefined;
  }
}
