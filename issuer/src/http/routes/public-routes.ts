import { JWKS_MAX_AGE_SECONDS } from "../../keys/key-schedule.ts";
import type { KeyRing } from "../../keys/key-ring.ts";
import type { Endpoint } from "../context.ts";
import { json } from "../respond.ts";

export interface PublicRouteDeps {
  readonly keys: KeyRing;
  /** Rejects when the store cannot be reached. */
  readonly probeStore: () => Promise<void>;
}

export function publicRoutes({ keys, probeStore }: PublicRouteDeps): readonly Endpoint[] {
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
      handle: async () => {
        const [store, signing] = await Promise.all([
          works(probeStore),
          works(() => Promise.resolve(keys.active("EdDSA"))),
        ]);
        const ready = store && signing;
        return json({ live: true, ready, store, keys: signing }, {}, ready ? 200 : 503);
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
