export { createSessionVerifier } from "./verifier/session-verifier.ts";
export type { SessionVerifier } from "./verifier/session-verifier.ts";
export type { SessionVerifierOptions } from "./verifier/options.ts";
export type { AudienceSet, VerifyRequest } from "./verifier/claim-rules.ts";
export type { VerifiedSession } from "./verifier/verified-session.ts";
export type { SessionAlgorithm } from "./token/algorithms.ts";
export type { Fetch } from "./keys/fetch-jwks.ts";
export type { JwkSet, PemKey, PublicJwk } from "./keys/verification-key.ts";
