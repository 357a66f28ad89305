/** Why a verifier refused a token: its reason, and what of the token led to it. */
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
      return [hint, `Its alg is ${show(header["alg"])}. Allow ES256 with --alg ES256.`];
    case "KEY_UNKNOWN":
      return [
        hint,
        `Its kid is ${show(header["kid"])}: a key that was removed, or that of another issuer.`,
      ];
    case "KEYS_UNAVAILABLE":
      return [hint, `Asked at ${expected.jwks ?? "the issuer"}: ${causeOf(error)}`];
    case "TOKEN_SIGNATURE":
      return [hint, "It was changed after it was signed, or another issuer has a key of this id."];
    case "ISSUER_MISMATCH":
      return [
        hint,
        `Its iss is ${show(claims["iss"])}; expected ${show(expected.issuer)}, byte for byte.`,
      ];
    case "AUDIENCE_MISMATCH":
      return [
        hint,
        `Its aud is ${show(claims["aud"])}; expected ${expected.audience.map(show).join(" or ")}.`,
      ];
    case "AZP_MISMATCH":
      return [hint, `Its azp is ${show(claims["azp"])}; the origin is ${show(expected.origin)}.`];
    case "TENANT_MISMATCH":
      return [
        hint,
        `Its tenantId is ${show(claims["tenantId"])}; asked for ${show(expected.tenantId)}.`,
      ];
    case "SCOPE_MISSING":
      return [
        hint,
        `Its scope is ${show(claims["scope"])}; needed: ${expected.scopes?.join(" ")}.`,
      ];
    case "TOKEN_EXPIRED":
      return [hint, `Its exp is ${showTime(Number(claims["exp"]), nowSeconds)}.`];
    case "TOKEN_NOT_YET":
      return [hint, `Its nbf is ${showTime(Number(claims["nbf"]), nowSeconds)}.`];
    case "IAT_FUTURE":
      return [hint, `Its iat is ${showTime(Number(claims["iat"]), nowSeconds)}.`];
    default:
      return [hint];
  }
}

function causeOf({ cause }: BridgeError): string {
  const messages: string[] = [];
  for (let error = cause; error instanceof Error; error = error.cause) messages.push(error.message);
  return messages.join(": ") || "no answer";
}
