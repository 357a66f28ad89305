/** What a refusal by the issuer means to whoever holds the session. */
import { BridgeError } from "../errors/bridge-error.ts";
import { codeOfReason } from "../errors/http-codes.ts";
import { isRecord } from "../protocol/guards.ts";

/**
 * @param problem The body of the answer, if it was JSON.
 * @returns SIGNED_OUT for 401, OFFLINE for 429 and 5xx (the issuer cannot answer now), DENIED otherwise
 */
export function issuerRefusal(status: number, problem: unknown): BridgeError {
  const reason =
    isRecord(problem) && typeof problem["reason"] === "string" ? problem["reason"] : "";
  const code = codeOfReason(reason);
  const cause = code && new BridgeError(code, `The issuer answered ${status} ${reason}.`);
  const options = { details: { status, reason }, ...(cause ? { cause } : {}) };
  if (status === 401) return new BridgeError("SIGNED_OUT", "Nobody is signed in.", options);
  if (status === 429 || status >= 500) {
    return new BridgeError("OFFLINE", `The issuer cannot answer now (${status}).`, options);
  }
  return new BridgeError("DENIED", `The issuer refused (${reason || status}).`, options);
}
