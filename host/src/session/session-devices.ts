/** Where the user is signed in. The issuer answers for the sessions of this user only. */
import {
  endDevicesResponseSchema,
  parseWith,
  sessionDevicesResponseSchema,
  type EndDevicesRequest,
  type EndDevicesResponse,
  type SessionDevice,
} from "@breezeway/shared/schemas";
import type { IssuerClient } from "./issuer-client.ts";

/** Every method rejects with SIGNED_OUT, OFFLINE or DENIED. */
export interface SessionDevices {
  /**
   * The live sessions of the user in every tenant: this one first, then the newest. At most 500 of them.
   * Each page of 100 takes a request.
   */
  devices(): Promise<readonly SessionDevice[]>;
  /**
   * Ends another session of the user. Its pages are signed out within 5 seconds. DENIED with the reason
   * `session-unknown`: it has ended already, or is this session.
   */
  endOther(handle: string): Promise<void>;
  /** Ends all other sessions of the user. @returns how many */
  endOthers(): Promise<number>;
}

const MAX_PAGES = 5;

export function createSessionDevices(client: Pick<IssuerClient, "ask">): SessionDevices {
  const end = async (request: EndDevicesRequest): Promise<EndDevicesResponse> => {
    const source = "POST /session/devices/end";
    const answer = await client.ask("POST", "/session/devices/end", request);
    return parseWith(endDevicesResponseSchema, answer, { code: "OFFLINE", source });
  };

  return {
    async devices() {
      const all: SessionDevice[] = [];
      let query = "";
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const source = "GET /session/devices";
        const answer = await client.ask("GET", `/session/devices${query}`);
        const { sessions, nextCursor } = parseWith(sessionDevicesResponseSchema, answer, {
          code: "OFFLINE",
          source,
        });
        all.push(...sessions);
        if (nextCursor === null) break;
        query = `?cursor=${encodeURIComponent(nextCursor)}`;
      }
      return all;
    },
    async endOther(handle) {
      await end({ handle });
    },
    async endOthers() {
      let all = 0;
      for (;;) {
        const { ended, hasMore } = await end({ others: true });
        all += ended;
        if (!hasMore || ended === 0) return all;
      }
    },
  };
}
