import { createIssuerVerifier, type SessionVerifier } from "./issuer-verifier.ts";
import { routeByIssuer } from "./issuer-router.ts";
import type { SessionVerifierOptions } from "./options.ts";

export type { SessionVerifier } from "./issuer-verifier.ts";

/**
 * @example
 * const verifier = createSessionVerifier({
 *   issuer: "https://shell.example/auth",
 *   audience: "orders",
 *   jwks: "https://shell.example/auth/.well-known/jwks.json",
 * });
 * const session = await verifier.verify(token, { origin, scopes: ["orders:read"] });
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 */
export function createSessionVerifier(options: SessionVerifierOptions): SessionVerifier {
  const main = createIssuerVerifier(options);
  if (!options.additionalIssuers?.length) return main;
  return routeByIssuer([
    { issuer: options.issuer, verifier: main },
    ...options.additionalIssuers.map((trusted) => ({
      issuer: trusted.issuer,
      // Nothing of one issuer may be taken for another: not its keys, algorithms or apps.
      verifier: createIssuerVerifier({
        ...options,
        jwks: undefined,
        algorithms: undefined,
        ...trusted,
      }),
    })),
  ]);
}
