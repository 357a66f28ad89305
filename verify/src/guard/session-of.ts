import { BridgeError } from "@breezeway/shared";
import type { RouteOptions } from "./session-options.ts";
import type { VerifiedSession } from "../verifier/verified-session.ts";

/** The object on which an adapter sets the session: a request, the state of a context, credentials. */
export interface SessionHolder {
  readonly session?: VerifiedSession | undefined;
}

/**
 * The session of a route that requires one.
 *
 * @throws {BridgeError} INTERNAL_ERROR, when the route is not behind `verifySession`, when its session
 * is optional, or when it answers a CORS preflight
 */
export function sessionOf(holder: SessionHolder): VerifiedSession {
  if (holder.session) return holder.session;
  throw new BridgeError(
    "INTERNAL_ERROR",
    "sessionOf: the request has no session. Guard its route with verifySession.",
  );
}

/** Options of a route whose session is required. */
export interface RequiredRoute {
  readonly required?: true | undefined;
}

/** The session that a handler receives. It may be `undefined` when the route has `required: false`. */
export type SessionFor<Route extends RouteOptions> = "required" extends keyof Route
  ? Route["required"] extends true | undefined
    ? VerifiedSession
    : VerifiedSession | undefined
  : VerifiedSession;
