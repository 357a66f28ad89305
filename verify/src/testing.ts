/** The factories of this package with parts that a test replaces, such as the clock. */
export { createSessionGuardForTesting } from "./guard/session-guard.ts";
export { verifyLifecycleForTesting } from "./lifecycle/verify-lifecycle.ts";
export type { VerifyTestHooks } from "./options/test-hooks.ts";
export { createProofVerifierForTesting } from "./proof/proof-verifier.ts";
export { createRevocationFeedForTesting } from "./revocation/revocation-feed.ts";
export { createSessionVerifierForTesting } from "./verifier/session-verifier.ts";
