/**
 * Several issuers behind one verifier. The unverified `iss` claim of a token chooses the verifier.
 * That verifier trusts only its own issuer and keys, so a forged claim can only lead to a rejection.
 */
import { parseStrictObject } from "../token/strict-json.ts";
import type { SessionVerifier } from "./issuer-verifier.ts";

export interface IssuerRoute {
  readonly issuer: string;
  readonly verifier: SessionVerifier;
}

/** @param routes One per issuer. The first also takes the tokens that name no known issuer. */
export function routeByIssuer(routes: readonly [IssuerRoute, ...IssuerRoute[]]): SessionVerifier {
  const byIssuer = new Map(routes.map(({ issuer, verifier }) => [issuer, verifier]));
  const verifiers = [...byIssuer.values()];
  // The first verifier rejects a token of an unknown issuer with the right code.
  const chosen = (token: string): SessionVerifier =>
    byIssuer.get(namedIssuer(token)) ?? routes[0].verifier;

  return {
    verify: (token, request) => chosen(token).verify(token, request),
    verifySync: (token, request) => chosen(token).verifySync(token, request),
    verifyCached: (token, request) => {
      for (const verifier of verifiers) {
        const session = verifier.verifyCached(token, request);
        if (session) return session;
      }
      return undefined;
    },
    ready: async () => {
      await Promise.all(verifiers.map((verifier) => verifier.ready()));
    },
    close: () => {
      for (const verifier of verifiers) verifier.close();
    },
  };
}

function namedIssuer(token: string): string {
  // A verifier rejects a value that is not a string.
  const payload = typeof token === "string" ? (token.split(".", 3)[1] ?? "") : "";
  return String(parseStrictObject(Buffer.from(payload, "base64url"))?.["iss"]);
}
