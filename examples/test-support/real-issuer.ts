/** The real issuer, whose tokens must pass in every language. */
import { createIssuer, sqliteStore } from "@breezeway/issuer";
import type { KeySetEntry } from "./case-keys.ts";
import { APP_ID, APP_ORIGIN, ISSUER } from "@breezeway/test-support/signer";

export interface RealIssuer extends AsyncDisposable {
  readonly publishedKeys: readonly KeySetEntry[];
  mint(): Promise<string>;
}

export async function startRealIssuer(): Promise<RealIssuer> {
  const scopes = ["orders:read", "orders:write"];
  const issuer = createIssuer({
    issuer: ISSUER,
    apps: [{ id: APP_ID, name: "Orders", version: "1.0.0", url: APP_ORIGIN, scopes }],
    store: sqliteStore({ file: ":memory:" }),
  });
  await issuer.ready;
  const keySet = await issuer.fetch(new Request(`${ISSUER}/.well-known/jwks.json`));
  const { keys } = (await keySet.json()) as { keys: KeySetEntry[] };
  const { setCookie } = await issuer.sessions.create({
    userId: "alice",
    tenantId: "acme",
    scopes,
  });
  return {
    publishedKeys: keys,
    async mint() {
      const request = new Request(`${ISSUER}/session/token`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-breezeway-request": "1",
          cookie: setCookie.split(";", 1)[0] ?? "",
          origin: new URL(ISSUER).origin,
          "sec-fetch-site": "same-origin",
        },
        body: JSON.stringify({ appId: APP_ID }),
      });
      const answer = await issuer.fetch(request);
      const { token } = (await answer.json()) as { token: string };
      return token;
    },
    [Symbol.asyncDispose]: () => issuer.close(),
  };
}
