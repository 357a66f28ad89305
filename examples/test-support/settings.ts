import { join } from "node:path";
import { APP_ID, ISSUER } from "./token-forge.ts";

export const EXAMPLES: string = join(import.meta.dirname, "..");

/** The environment that every example program reads; `PORT` is added when it starts. */
export function settings(jwksUrl: string): Record<string, string> {
  return {
    BREEZEWAY_ISSUER: ISSUER,
    BREEZEWAY_APP_ID: APP_ID,
    BREEZEWAY_JWKS_URL: jwksUrl,
  };
}
