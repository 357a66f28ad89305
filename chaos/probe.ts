/** Tries everything that a user needs, at every part. */
import { isRecord } from "@breezeway/shared";
import type { Exchange, Target } from "./judge/judge.ts";
import { parseJson, type Client } from "./load/client.ts";
import type { Places } from "./load/load-deps.ts";
import { APP_ID, TENANTS, USERS } from "./platform/fixture.ts";

export interface Probe {
  /** What did not work; empty when everything did. */
  failures(): Promise<readonly string[]>;
}

export function createProbe({ places, client }: { places: Places; client: Client }): Probe {
  const user = USERS.at(-1);
  const body = { userId: user?.id, tenantId: TENANTS[0] };

  return {
    async failures() {
      const failed: string[] = [];
      const isGood = (exchange: Exchange): boolean => {
        const { outcome } = exchange;
        if (outcome.kind === "answered" && outcome.status < 400) return true;
        failed.push(describe(exchange.target, exchange));
        return false;
      };
      for (const place of places.issuers) {
        const signedIn = await client.send({ place, method: "POST", path: "/login/dev", body });
        if (!isGood(signedIn) || signedIn.outcome.kind !== "answered") continue;
        const { cookie = "" } = signedIn.outcome;
        const minted = await client.send({
          place,
          method: "POST",
          path: "/session/token",
          cookie,
          body: { appId: APP_ID },
        });
        if (!isGood(minted) || minted.outcome.kind !== "answered") continue;
        const answer = parseJson(minted.outcome.body);
        const token = isRecord(answer) ? String(answer["token"]) : "";
        for (const gateway of places.gateways) {
          isGood(await client.send({ place: gateway, method: "GET", path: "/orders", token }));
        }
        isGood(await client.send({ place, method: "DELETE", path: "/session", cookie }));
      }
      return failed;
    },
  };
}

function describe({ part }: Target, { request, outcome }: Exchange): string {
  const what =
    outcome.kind === "silent" ? outcome.why : `${outcome.status} ${outcome.reason ?? outcome.body}`;
  return `${request} at ${part}: ${what}`;
}
