/** Answers of the gateway itself: problem+json for errors, always with CORS headers and request id. */
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

/** A whole response with a small body. */
export interface Answer {
  readonly status: number;
  /** Name, value, name, value. */
  readonly headers: readonly string[];
  readonly body: string;
  /** For metrics and the audit log; `undefined` for an answer that is not a refusal. */
  readonly reason: ErrorReason | undefined;
}

export interface RefusalContext {
  readonly requestId: string;
  readonly origin: string | undefined;
  readonly policy: Policy;
  /** `undefined` when the path has no route. */
  readonly route: Route | undefined;
  /** The `Authorization` header of the request. */
  readonly authorization: string | undefined;
  /** Whether this gateway accepts tokens that are bound to a key. */
  readonly takesProofs: boolean;
}

/** Turns any thrown value into an answer. */
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
    // A browser must not render an error as the document that it asked for.
    "x-content-type-options",
    "nosniff",
    "content-length",
    String(Buffer.byteLength(problem.body)),
  ];
  if (problem.status === 405) {
    // Required by RFC 9110, section 15.5.6.
    headers.push("allow", route?.methods?.join(", ") ?? "GET, HEAD, POST, PUT, PATCH, DELETE");
  }
  return { status: problem.status, headers, body: problem.body, reason: problem.problem.reason };
}

function schemeOf(error: unknown, context: RefusalContext): AuthScheme {
  const { takesProofs, authorization, route } = context;
  if (!takesProofs) return "Bearer";
  const isProofInvalid = BridgeError.is(error) && error.code === "PROOF_INVALID";
  const needsProof =
    isProofInvalid || route?.proofRequired === true || isProofScheme(authorization);
  return needsProof ? "DPoP" : "Bearer";
}

export function emptyAnswer(status: number, headers: readonly string[]): Answer {
  return { status, headers, body: "", reason: undefined };
}

/** The reason of an error, as metrics and logs write it. */
export function reasonOfError(error: unknown): string {
  return BridgeError.is(error) ? reasonOf(error.code) : "internal-error";
}

function retryAfter(error: unknown): number | undefined {
  if (!BridgeError.is(error)) return undefined;
  const seconds = error.details["retryAfterSeconds"];
  return typeof seconds === "number" ? seconds : undefined;
}
