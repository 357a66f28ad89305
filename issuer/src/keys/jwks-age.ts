/** How long a verifier may keep the key set, in seconds; verifiers of Breezeway do just that. */
export const JWKS_MAX_AGE_SECONDS = 300;
