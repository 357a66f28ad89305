/** The form of a token, judged by jose. */
import { decodeProtectedHeader } from "jose";
import { createCompactParser } from "../../../verify/src/token/compact.ts";
import { acceptedBy, invariant } from "../target.ts";

const parse = createCompactParser(["EdDSA", "ES256"]);

export function fuzz(data: Buffer): void {
  const text = data.toString("latin1");
  const token = acceptedBy(() => parse(text));
  if (token === undefined) return;
  const { alg, kid, signingInput, payload, signature } = token;
  const again = [
    signingInput.toString("latin1").split(".")[0],
    payload.toString("base64url"),
    signature.toString("base64url"),
  ].join(".");
  invariant(again === text, "an accepted token has one spelling");
  const judged = decodeProtectedHeader(text);
  const header = JSON.stringify({ alg, kid, typ: "JWT" });
  const theirs = JSON.stringify({ alg: judged.alg, kid: judged.kid, typ: judged.typ });
  invariant(header === theirs && Object.keys(judged).length === 3, "jose reads the same header");
}
