import { BridgeError } from "@breezeway/shared";
import type { RouteOptions } from "./session-options.ts";
import type { VerifiedSession } from "../verifier/verified-session.ts";

/** Whatever an adapter puts a session on: a request, a context's state, credentials. */
export interface SessionHolder {
  readonly session?: VerifiedSession | undefined;
}

/**
 * The session of a route that requires one.
 *
 * @throws {BridgeError} INTERNAL_ERROR when there is none: the route is not behind `verifySession`,
 * its session is optional, or it answers a CORS preflight.
 */
export function sessionOf(holder: SessionHolder): VerifiedSession {
  if (holder.session) return holder.session;
  throw new BridgeError("INTERNAL_ERROR", "This request has no session: is its route guarded?");
}

/** Demands that leave a route as strict as it is by default. */
export interface RequiredRoute {
  readonly required?: true | undefined;
}

/** What a handler is given as session: surely one, unless its route says `required: false`. */
export type SessionFor<Route extends RouteOptions> = "required" extends keyof Route
  ? Route["required"] extends true | undefined
    ? VerifiedSession
    : VerifiedSession | undefined
  : VerifiedSession;
