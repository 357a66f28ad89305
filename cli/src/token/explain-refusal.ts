/** Explains why a verifier rejected a token: the hint of the error, and the values that caused it. */
import { ERROR_HINTS, type BridgeError, type DecodedToken } from "@breezeway/shared";
import { show, showTime } from "./describe-token.ts";

export interface Expectation {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly jwks?: string | undefined;
  readonly origin?: string | undefined;
  readonly tenantId?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
}

export function explainRefusal(
  error: BridgeError,
  { header, claims }: DecodedToken,
  expected: Expectation,
): string[] {
  const hint = ERROR_HINTS[error.code];
  const nowSeconds = Math.floor(Date.now() / 1_000);
  switch (error.code) {
    case "TOKEN_MALFORMED":
      return [hint, error.message];
    case "TOKEN_ALG":
      return [hint, `The alg is ${show(header["alg"])}. Pass --alg to accept EdDSA or ES256.`];
    case "KEY_UNKNOWN":
      return [
        hint,
        `The kid is ${show(header["kid"])}. The key was removed, or belongs to another issuer.`,
      ];
    case "KEYS_UNAVAILABLE":
      return [
        hint,
        `Fetching them from ${expected.jwks ?? "the issuer"} failed: ${causeOf(error)}`,
      ];
    case "TOKEN_SIGNATURE":
      return [hint, "The token was changed after signing, or another issuer uses the same kid."];
    case "ISSUER_MISMATCH":
      return [
        hint,
        `The iss is ${show(claims["iss"])}; expected ${show(expected.issuer)}, byte for byte.`,
      ];
    case "AUDIENCE_MISMATCH":
      return [
        hint,
        `The aud is ${show(claims["aud"])}; expected ${expected.audience.map(show).join(" or ")}.`,
      ];
    case "AZP_MISMATCH":
      return [hint, `The azp is ${show(claims["azp"])}; the --origin is ${show(expected.origin)}.`];
    case "TENANT_MISMATCH":
      return [
        hint,
        `The tenantId is ${show(claims["tenantId"])}; the --tenant is ${show(expected.tenantId)}.`,
      ];
    case "SCOPE_MISSING":
      return [
        hint,
        `The scope is ${show(claims["scope"])}; required: ${expected.scopes?.join(" ")}.`,
      ];
    case "TOKEN_EXPIRED":
      return [hint, `The exp is ${showTime(Number(claims["exp"]), nowSeconds)}.`];
    case "TOKEN_NOT_YET":
      return [hint, `The nbf is ${showTime(Number(claims["nbf"]), nowSeconds)}.`];
    case "IAT_FUTURE":
      return [hint, `The iat is ${showTime(Number(claims["iat"]), nowSeconds)}.`];
    default:
      return [hint];
  }
}

function causeOf({ cause }: BridgeError): string {
  const messages: string[] = [];
  for (let error = cause; error instanceof Error; error = error.cause) messages.push(error.message);
  return messages.join(": ") || "no answer";
}
