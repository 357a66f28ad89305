/**
 * The issuer's event stream: what happens to the session elsewhere. `EventSource` reconnects by itself
 * after a lost connection. After an error response it gives up; then the session is asked for before
 * the stream is opened again.
 *
 * The issuer replays nothing to a new stream, and not everything to one that was away for long. So the
 * page asks for its session again with each stream that opens.
 */
import { isRecord } from "@breezeway/shared";
import type { Clock, Unsubscribe } from "@breezeway/shared/channel";

/** The part of the DOM's `EventSource` that the host uses. */
export interface SessionEventStream {
  readonly readyState: number;
  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void;
  close(): void;
}

export interface SessionEventsDeps {
  readonly url: string;
  readonly open: (url: string) => SessionEventStream;
  readonly clock: Clock;
  readonly onEnded: () => void;
  readonly onTenant: (tenantId: string | undefined) => void;
  readonly onClaims: () => void;
  readonly onInstallations: () => void;
  readonly onApps: () => void;
  /** Called when the stream opens: the issuer reports later changes only. */
  readonly onOpen: () => void;
  /** Called when the stream was refused. Resolves to whether to open it again. */
  readonly recheck: () => Promise<boolean>;
}

/** `EventSource.CLOSED` */
const CLOSED = 2;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;

/** @returns A function that ends the stream. */
export function followSessionEvents(deps: SessionEventsDeps): Unsubscribe {
  const { clock } = deps;
  const state = {
    stream: undefined as SessionEventStream | undefined,
    timer: undefined as unknown,
    retryMs: FIRST_RETRY_MS,
    isStopped: false,
  };

  const open = (): void => {
    const stream = deps.open(deps.url);
    state.stream = stream;

    const reopen = async (): Promise<void> => {
      const isWorthwhile = await deps.recheck();
      if (state.isStopped || !isWorthwhile) return;
      state.timer = clock.setTimer(open, state.retryMs);
      state.retryMs = Math.min(state.retryMs * 2, MAX_RETRY_MS);
    };

    stream.addEventListener("open", () => {
      state.retryMs = FIRST_RETRY_MS;
      deps.onOpen();
    });
    stream.addEventListener("revoked", deps.onEnded);
    stream.addEventListener("signed-out", deps.onEnded);
    stream.addEventListener("tenant-changed", ({ data }) => deps.onTenant(tenantOf(data)));
    stream.addEventListener("claims-changed", deps.onClaims);
    stream.addEventListener("installations-changed", deps.onInstallations);
    stream.addEventListener("apps-changed", deps.onApps);
    stream.addEventListener("error", () => {
      if (stream.readyState === CLOSED) void reopen();
    });
  };

  open();
  return () => {
    state.isStopped = true;
    clock.clearTimer(state.timer);
    state.stream?.close();
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
