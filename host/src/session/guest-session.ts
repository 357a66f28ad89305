import type { GuestSession } from "@breezeway/shared";
import type { SessionSummary } from "@breezeway/shared/schemas";

/** What guests are told of a session: nothing that does not stand in their token too. */
export function guestSession(summary: SessionSummary | null): GuestSession | null {
  return summary && { userId: summary.userId, tenantId: summary.tenantId, handle: summary.handle };
}
