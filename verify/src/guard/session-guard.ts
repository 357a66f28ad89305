/**
 * The one decision behind every adapter: may this request pass, and as whom? Knows no framework; an
 * adapter turns its request into {@link RequestParts} and the decision into its response.
 */
import { randomUUID } from "node:crypto";
import { BridgeError, toProblem, type AuthScheme, type ProblemResponse } from "@breezeway/shared";
import { checkRequest } from "../verifier/claim-rules.ts";
import { createSessionVerifier } from "../verifier/session-verifier.ts";
import type { VerifiedSession } from "../verifier/verified-session.ts";
import { createProofVerifier } from "../proof/proof-verifier.ts";
import { isPreflight, requestCredential, type RequestCredential } from "./request-credential.ts";
import { createRevocationCheck } from "./revocation-check.ts";
import type { RouteOptions, SessionOptions } from "./session-options.ts";
import type { RequestParts } from "./request-parts.ts";

export type Admission =
  /** The request is the session's. */
  | { readonly kind: "session"; readonly session: VerifiedSession }
  /** No credential, and none is required. */
  | { readonly kind: "anonymous"; readonly session?: never }
  /** A CORS preflight, which never carries a credential. */
  | { readonly kind: "preflight"; readonly session?: never }
  /** To be answered with `problem`, and nothing else. */
  | { readonly kind: "refused"; readonly problem: ProblemResponse; readonly session?: never };

export interface SessionGuard {
  /** Never rejects: every failure is an admission of kind `refused`. */
  admit(request: RequestParts, route?: RouteOptions): Promise<Admission>;
  /** Ends what the guard opened: key fetches, and the revocation feed unless it was given. */
  close(): void;
}

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function createSessionGuard(options: SessionOptions): SessionGuard {
  const verifier = createSessionVerifier(options);
  const revocation = createRevocationCheck(options);
  const proofs = options.proof && createProofVerifier({ ...options.proof, clock: options.clock });
  const defaults: RouteOptions = options;

  const proofOf = (request: RequestParts, { token }: RequestCredential) =>
    proofs?.verify({
      proof: request.header("dpop"),
      method: request.method,
      target: request.target,
      token,
    });

  const schemeOf = (request: RequestParts, error: unknown): AuthScheme =>
    proofs !== undefined && (isUnproven(error) || isProven(request)) ? "DPoP" : "Bearer";

  async function authenticate(request: RequestParts, rules: RouteOptions): Promise<Admission> {
    if (isPreflight(request)) return { kind: "preflight" };
    const credential = requestCredential(request, proofs !== undefined);
    if (credential === undefined) {
      if (rules.required === false) return { kind: "anonymous" };
      throw new BridgeError("TOKEN_MISSING", "The request carries no session token.");
    }
    const proof = credential.scheme === "DPoP" ? proofOf(request, credential) : undefined;
    const session = await verifier.verify(credential.token, {
      origin: request.header("origin"),
      proofKeyThumbprint: proof?.keyThumbprint,
    });
    if (rules.checkRevocation) await revocation.check(session);
    checkRequest(session.claims, session.scopes, {
      tenantId: namedTenant(request.header("x-tenant-id"), session),
      scopes: rules.scopes,
    });
    await checkClaimRules(session, rules);
    if (proof !== undefined) proofs?.accept(proof, session);
    return { kind: "session", session };
  }

  return {
    admit: async (request, route) => {
      try {
        return await authenticate(request, { ...defaults, ...route });
      } catch (error) {
        const requestId = requestIdOf(request);
        tell(options, error, requestId);
        return {
          kind: "refused",
          problem: toProblem(error, { requestId, scheme: schemeOf(request, error) }),
        };
      }
    },
    close: () => {
      verifier.close();
      revocation.close();
    },
  };
}

function isUnproven(error: unknown): boolean {
  return BridgeError.is(error) && error.code === "PROOF_INVALID";
}

function isProven(request: RequestParts): boolean {
  return /^dpop\b/i.test(request.header("authorization") ?? "");
}

function tell({ onRefused }: SessionOptions, error: unknown, requestId: string): void {
  try {
    onRefused?.(error, requestId);
  } catch {
    // A log that fails must not turn a refusal into an unanswered request.
  }
}

/** The gateway percent-encodes a tenant that would not survive in a header. */
function namedTenant(given: string | undefined, session: VerifiedSession): string | undefined {
  const { tenantId } = session;
  return given !== undefined && isEncodingOf(tenantId, given) ? tenantId : given;
}

function isEncodingOf(tenantId: string, given: string): boolean {
  if (!/^[!-+\--~]*%[!-+\--~]*$/.test(given)) return false;
  try {
    return decodeURIComponent(given) === tenantId;
  } catch {
    return false;
  }
}

async function checkClaimRules({ claims }: VerifiedSession, rules: RouteOptions): Promise<void> {
  for (const [name, isValid] of Object.entries(rules.claims ?? {})) {
    // Anything but `true` is a refusal: a validator that forgets to return does not admit.
    const verdict: unknown = await isValid(claims[name], claims);
    if (verdict !== true) {
      throw new BridgeError("CLAIM_REJECTED", "A claim does not have the value that is needed.", {
        details: { claim: name },
      });
    }
  }
}

/** The gateway's id of the request when it sent one, so that both logs name it alike. */
function requestIdOf(request: RequestParts): string {
  const given = request.header("x-breezeway-request-id");
  return given !== undefined && /^[\w-]{1,64}$/.test(given) ? given : randomUUID();
}
