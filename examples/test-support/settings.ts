import { join } from "node:path";
import { APP_ID, ISSUER } from "@breezeway/test-support/signer";

export const EXAMPLES: string = join(import.meta.dirname, "..");

/** The environment that every example program reads. */
export function settings(jwksUrl: string, port: number): Record<string, string> {
  return {
    PORT: String(port),
    BREEZEWAY_ISSUER: ISSUER,
    BREEZEWAY_APP_ID: APP_ID,
    BREEZEWAY_JWKS_URL: jwksUrl,
  };
}
