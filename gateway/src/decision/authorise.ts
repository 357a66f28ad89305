/**
 * The second half of a decision: whether this verified session may send this request.
 *
 * Does not check the token itself: the verifier has checked signature, times, audience and origin.
 */
import { BridgeError } from "@breezeway/shared";
import type { VerifiedSession } from "@breezeway/verify";
import { encodeIdentity } from "../request/identity-headers.ts";
import type { Examined } from "./examine.ts";

/** @throws {BridgeError} APP_NOT_ALLOWED, SCOPE_MISSING, TENANT_MISMATCH, BODY_TOO_LARGE */
export function authorise(request: Examined, session: VerifiedSession): void {
  const { route, headers, scopes } = request;
  if (route.apps !== undefined && !route.apps.has(session.appId)) {
    throw new BridgeError("APP_NOT_ALLOWED", "This app may not use this route.");
  }
  for (const scope of scopes) {
    if (!session.scopes.includes(scope)) {
      throw new BridgeError("SCOPE_MISSING", "The session token lacks a scope of this route.", {
        details: { scopes },
      });
    }
  }
  for (const tenantId of headers.tenantIds) {
    if (tenantId !== session.tenantId && tenantId !== encodeIdentity(session.tenantId)) {
      throw new BridgeError(
        "TENANT_MISMATCH",
        "X-Tenant-ID differs from the tenant of the session token.",
      );
    }
  }
  if (headers.contentLength !== undefined && Number(headers.contentLength) > route.maxBodyBytes) {
    throw new BridgeError("BODY_TOO_LARGE", "The request body is larger than this route accepts.");
  }
}
