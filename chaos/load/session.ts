/** What the load knows about a session, from acknowledged answers alone. */
import type { ErrorReason } from "@breezeway/shared";

export interface KnownToken {
  readonly token: string;
  readonly kid: string;
  readonly mintedAtMs: number;
}

export interface KnownSession {
  readonly userId: string;
  readonly tenantId: string;
  readonly handle: string;
  cookie: string;
  token: KnownToken | undefined;
  /**
   * `ending`: somebody asked to end it and got no confirmation. `unsure`: its secret may look stolen,
   * because clocks disagreed while a refresh was not answered.
   */
  state: "live" | "ending" | "ended" | "unsure";
  /** When the end was acknowledged. */
  endedAtMs: number;
  /** A refresh got no confirmation, and no later one has been confirmed. */
  isRefreshOpen: boolean;
}

/** How a session that has ended is refused. */
export const ENDED_REASONS: readonly ErrorReason[] = [
  "session-revoked",
  "session-expired",
  "session-missing",
  "refresh-reused",
];

/** The reasons for which a request of the session may be refused without a fault. */
export function refusalsOf({ state }: KnownSession): readonly ErrorReason[] {
  return state === "live" ? [] : ENDED_REASONS;
}
