/** The messages between host and app, newest first. A call and its answer share one row. */
import type { TapEvent } from "@breezeway/host";
import { ERROR_HINTS, isErrorCode } from "@breezeway/shared";

export interface TimelineRow {
  readonly key: number;
  readonly event: TapEvent;
  readonly outcome: "none" | "waiting" | "done" | "failed";
  readonly latencyMs: number | undefined;
  readonly code: string | undefined;
}

const MAX_ROWS = 300;

export function addEvent(rows: readonly TimelineRow[], event: TapEvent): readonly TimelineRow[] {
  const answered = rows.findIndex(
    (row) => row.outcome === "waiting" && isAnswerTo(event, row.event),
  );
  const call = rows[answered];
  if (call) return rows.with(answered, answeredBy(event, call));
  const row: TimelineRow = {
    key: (rows[0]?.key ?? 0) + 1,
    event,
    outcome: event.code === undefined ? (event.kind === "call" ? "waiting" : "none") : "failed",
    latencyMs: event.latencyMs,
    code: event.code,
  };
  return [row, ...rows.slice(0, MAX_ROWS - 1)];
}

/** An answer has the opposite direction of its call. An abort has the same direction. */
function isAnswerTo(event: TapEvent, call: TapEvent): boolean {
  const isAnswer = event.kind === "result" || event.kind === "error";
  if (!isAnswer && event.kind !== "abort") return false;
  const isSameCall = event.callId === call.callId && event.mountId === call.mountId;
  return isSameCall && isAnswer === (event.direction !== call.direction);
}

function answeredBy({ kind, code, latencyMs }: TapEvent, call: TimelineRow): TimelineRow {
  if (kind === "abort") return { ...call, outcome: "failed", code: "CALL_ABORTED" };
  return { ...call, outcome: kind === "result" ? "done" : "failed", latencyMs, code };
}

/** How to fix the failure of a row. */
export function hintOf({ code, event }: TimelineRow): string | undefined {
  if (code === "CALL_METHOD_UNKNOWN" && event.direction === "in") {
    return `The host has no such method. Add it with --methods methods.mjs: export default { ${event.name}: () => … }`;
  }
  return code !== undefined && isErrorCode(code) ? ERROR_HINTS[code] : undefined;
}
