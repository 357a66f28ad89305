import type { ClockWatch } from "@breezeway/shared/schemas";
import { JWKS_MAX_AGE_SECONDS } from "../../keys/key-schedule.ts";
import type { KeyRing } from "../../keys/key-ring.ts";
import type { StoreProbe } from "../../store/store-probe.ts";
import type { Endpoint } from "../context.ts";
import { json } from "../respond.ts";

export interface PublicRouteDeps {
  readonly keys: KeyRing;
  readonly probe: StoreProbe;
  readonly clockWatch: Pick<ClockWatch, "hasJumped">;
}

export function publicRoutes({ keys, probe, clockWatch }: PublicRouteDeps): readonly Endpoint[] {
  return [
    {
      method: "GET",
      path: "/.well-known/jwks.json",
      guard: "none",
      handle: () =>
        json(
          { keys: keys.published() },
          {
            "content-type": "application/jwk-set+json",
            "cache-control": `public, max-age=${JWKS_MAX_AGE_SECONDS}`,
            "access-control-allow-origin": "*",
          },
        ),
    },
    {
      method: "GET",
      path: "/health",
      guard: "none",
      handle: async ({ isDraining: draining }) => {
        const [store, writes, signing] = await Promise.all([
          works(probe.read),
          works(probe.write),
          works(() => Promise.resolve(keys.active("EdDSA"))),
        ]);
        // Without writes no session can end: an issuer that went on would break its promises.
        const ready = store && writes && signing && !draining;
        const body = {
          live: true,
          ready,
          store,
          writes: store && writes,
          keys: signing,
          // Told only: a process with a wrong clock serves better than none, and others may be no better.
          clock: !clockWatch.hasJumped,
          draining,
        };
        return json(body, {}, ready ? 200 : 503);
      },
    },
  ];
}

async function works(probe: () => Promise<unknown>): Promise<boolean> {
  try {
    await probe();
    return true;
  } catch {
    return false;
  }
}
