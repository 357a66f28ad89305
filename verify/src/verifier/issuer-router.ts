/**
 * Several issuers behind one verifier. The issuer that a token names, unproven, chooses the
 * verifier; that verifier then trusts nothing but its own issuer and keys, so a lie leads to a
 * refusal and nowhere else.
 */
import { BridgeError } from "@breezeway/shared";
import { parseStrictObject } from "../token/strict-json.ts";
import type { SessionVerifier } from "./issuer-verifier.ts";

export interface IssuerRoute {
  readonly issuer: string;
  readonly verifier: SessionVerifier;
}

/** @throws {BridgeError} CONFIG_INVALID when two routes have the same issuer */
export function routeByIssuer(routes: readonly [IssuerRoute, ...IssuerRoute[]]): SessionVerifier {
  const byIssuer = new Map(routes.map(({ issuer, verifier }) => [issuer, verifier]));
  if (byIssuer.size !== routes.length) {
    throw new BridgeError("CONFIG_INVALID", "additionalIssuers: two issuers are the same.");
  }
  const verifiers = [...byIssuer.values()];
  // Whatever names no known issuer goes to the first verifier, which knows the reason to refuse it.
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
  // What is not even a text is for a verifier to refuse.
  const payload = typeof token === "string" ? (token.split(".", 3)[1] ?? "") : "";
  return String(parseStrictObject(Buffer.from(payload, "base64url"))?.["iss"]);
}
