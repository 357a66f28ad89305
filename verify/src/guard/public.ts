/** Exports that all adapters share. */
export { sessionOf } from "./session-of.ts";
export type { RequiredRoute, SessionFor, SessionHolder } from "./session-of.ts";
export type { ClaimValidator, RouteOptions, SessionOptions } from "./session-options.ts";
export type { VerifiedSession } from "../verifier/verified-session.ts";
