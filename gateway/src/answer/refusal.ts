/** What the gateway answers itself: problem+json for errors, everything with CORS and request id. */
import {
  BridgeError,
  reasonOf,
  toProblem,
  type AuthScheme,
  type ErrorReason,
} from "@breezeway/shared";
import { corsHeaders } from "./cors.ts";
import type { Policy } from "../decision/policy.ts";
import { IDENTITY_HEADERS } from "../request/identity-headers.ts";
import { isProofScheme } from "../request/credential.ts";
import type { Route } from "../decision/route-table.ts";

/** A whole response. Small by nature: the gateway has little to say. */
export interface Answer {
  readonly status: number;
  /** Name, value, name, value. */
  readonly headers: readonly string[];
  readonly body: string;
  /** For metrics and the audit log; `undefined` when nothing was refused. */
  readonly reason: ErrorReason | undefined;
}

export interface RefusalContext {
  readonly requestId: string;
  readonly origin: string | undefined;
  readonly policy: Policy;
  /** `undefined` when the request found no route. */
  readonly route: Route | undefined;
  /** The request's header. */
  readonly authorization: string | undefined;
  /** Whether this gateway takes tokens that are bound to a key. */
  readonly takesProofs: boolean;
}

/** Any thrown value as an answer. */
export function refusal(error: unknown, context: RefusalContext): Answer {
  const { requestId, origin, policy, route } = context;
  const retryAfterSeconds = retryAfter(error);
  const problem = toProblem(error, {
    requestId,
    scheme: schemeOf(error, context),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
  const headers = [
    ...Object.entries(problem.headers).flat(),
    ...corsHeaders(origin, policy),
    IDENTITY_HEADERS.requestId,
    requestId,
    // A browser must not take an error for the document it was asked for.
    "x-content-type-options",
    "nosniff",
    "content-length",
    String(Buffer.byteLength(problem.body)),
  ];
  if (problem.status === 405) {
    // RFC 9110, section 15.5.6: required.
    headers.push("allow", route?.methods?.join(", ") ?? "GET, HEAD, POST, PUT, PATCH, DELETE");
  }
  return { status: problem.status, headers, body: problem.body, reason: problem.problem.reason };
}

function schemeOf(error: unknown, context: RefusalContext): AuthScheme {
  const { takesProofs, authorization, route } = context;
  if (!takesProofs) return "Bearer";
  const isUnproven = BridgeError.is(error) && error.code === "PROOF_INVALID";
  const isAsked = isUnproven || route?.proofRequired === true || isProofScheme(authorization);
  return isAsked ? "DPoP" : "Bearer";
}

export function emptyAnswer(status: number, headers: readonly string[]): Answer {
  return { status, headers, body: "", reason: undefined };
}

/** The reason of an error as metrics and logs spell it. */
export function reasonOfError(error: unknown): string {
  return BridgeError.is(error) ? reasonOf(error.code) : "internal-error";
}

function retryAfter(error: unknown): number | undefined {
  if (!BridgeError.is(error)) return undefined;
  const seconds = error.details["retryAfterSeconds"];
  return typeof seconds === "number" ? seconds : undefined;
}
