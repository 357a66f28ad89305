import { systemClock } from "@breezeway/shared";
import type { VerifyTestHooks } from "../options/test-hooks.ts";
import { createIssuerVerifier, type SessionVerifier } from "./issuer-verifier.ts";
import { routeByIssuer, type IssuerRoute } from "./issuer-router.ts";
import {
  parseVerifierOptions,
  verifierConfigs,
  type ConfigContext,
  type SessionVerifierOptions,
  type VerifierConfig,
} from "./options.ts";

export type { SessionVerifier } from "./issuer-verifier.ts";

const SOURCE = "createSessionVerifier";

/**
 * Creates a verifier of session tokens.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 *
 * @example
 * const verifier = createSessionVerifier({
 *   issuer: "https://shell.example/auth",
 *   audience: "orders",
 *   jwks: "https://shell.example/auth/.well-known/jwks.json",
 * });
 * const session = await verifier.verify(token, { origin, scopes: ["orders:read"] });
 */
export function createSessionVerifier(options: SessionVerifierOptions): SessionVerifier {
  return createSessionVerifierForTesting(options, {});
}

/** {@link createSessionVerifier} with parts that a test replaces. */
export function createSessionVerifierForTesting(
  options: SessionVerifierOptions,
  { clock = systemClock() }: VerifyTestHooks,
): SessionVerifier {
  return openSessionVerifier(parseVerifierOptions(options, SOURCE), { source: SOURCE, clock });
}

/** @param options The result of a schema. */
export function openSessionVerifier(
  options: SessionVerifierOptions,
  context: ConfigContext,
): SessionVerifier {
  const [main, ...others] = verifierConfigs(options, context);
  if (others.length === 0) return createIssuerVerifier(main);
  return routeByIssuer([routeOf(main), ...others.map(routeOf)]);
}

function routeOf(config: VerifierConfig): IssuerRoute {
  return { issuer: config.rules.issuer, verifier: createIssuerVerifier(config) };
}
