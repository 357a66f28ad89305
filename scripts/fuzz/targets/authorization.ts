/** The `Authorization` header, as the gateway and the verifier read it. */
import { parseAuthorization } from "../../../verify/src/guard/request-credential.ts";
import { readCredential } from "../../../gateway/src/request/credential.ts";
import { inspectHeaders } from "../../../gateway/src/request/inspect-headers.ts";
import { acceptedBy, invariant } from "../target.ts";

export function fuzz(data: Buffer): void {
  const value = data.toString("latin1");
  const verifiers = acceptedBy(() => parseAuthorization(value));
  const gateways = acceptedBy(() => readCredential(inspectHeaders(["Authorization", value])));
  invariant(verifiers?.token === gateways?.token, "gateway and verifier read the same token");
  invariant(verifiers?.scheme === gateways?.scheme, "gateway and verifier read the same scheme");
  if (verifiers === undefined) return;
  invariant(/^[\w.~+/=-]+$/.test(verifiers.token), "a token has the characters of RFC 6750");
}
