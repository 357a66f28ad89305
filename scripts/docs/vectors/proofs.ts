/** `proofs.json`: proofs of possession (RFC 9449) for one bound token, good and bad. */
import { base64url, createSigner, sha256, type KnownSignatures } from "./signers.ts";
import { claims, createVectorKeys, NOW_SECONDS, tokenOf } from "./tokens.ts";

type Members = Record<string, unknown>;

const PUBLIC_URL = "https://gateway.example";
const TARGET = "/orders/7?full=1";

export function proofVectors(known: KnownSignatures): object {
  const prover = createSigner("proof-key", "ES256", known);
  const stranger = createSigner("proof-key-of-another", "ES256", known);
  const { ed25519 } = createVectorKeys(known);
  const { kty, crv, x, y } = prover.publicJwk;
  const jwk = { kty, crv, x, y };
  const thumbprint = base64url(sha256(JSON.stringify({ crv, kty, x, y })));
  const token = tokenOf(ed25519, claims({ cnf: { jkt: thumbprint } }));

  const header = { typ: "dpop+jwt", alg: "ES256", jwk };
  const payload = {
    jti: "proof-1",
    htm: "GET",
    htu: `${PUBLIC_URL}/orders/7`,
    iat: NOW_SECONDS,
    ath: base64url(sha256(token)),
  };
  const proof = (overrides: Members = {}, headerOverrides: Members = {}): string =>
    prover.sign(
      JSON.stringify({ ...header, ...headerOverrides }),
      JSON.stringify({ ...payload, ...overrides }),
    );
  const accept = (name: string, value: string) => ({ name, proof: value, accepted: true });
  const refuse = (name: string, value: string, request: object = {}) => ({
    name,
    ...request,
    proof: value,
    accepted: false,
  });
  const good = proof();
  return {
    publicUrl: PUBLIC_URL,
    nowSeconds: NOW_SECONDS,
    privateJwk: prover.privateJwk,
    thumbprint,
    token,
    method: "GET",
    target: TARGET,
    cases: [
      accept("a valid proof", good),
      accept("an htu with query and fragment", proof({ htu: `${PUBLIC_URL}/orders/7?a=1#b` })),
      accept(
        "an htu with the default port",
        proof({ htu: "https://gateway.example:443/orders/7" }),
      ),
      accept("an age of 35 s", proof({ iat: NOW_SECONDS - 35 })),
      accept("a time 5 s ahead", proof({ iat: NOW_SECONDS + 5 })),
      refuse("an empty proof", ""),
      refuse("two proofs in one header", `${good}, ${good}`),
      refuse("an age of 36 s", proof({ iat: NOW_SECONDS - 36 })),
      refuse("a time 6 s ahead", proof({ iat: NOW_SECONDS + 6 })),
      refuse("an iat that is a string", proof({ iat: String(NOW_SECONDS) })),
      refuse("another method", proof({ htm: "POST" })),
      refuse("the method in lower case", proof({ htm: "get" })),
      refuse("another path", proof({ htu: `${PUBLIC_URL}/orders/8` })),
      refuse("another host", proof({ htu: "https://evil.example/orders/7" })),
      refuse("plain http", proof({ htu: "http://gateway.example/orders/7" })),
      refuse("a request path that is not in normal form", good, { target: "/x/../orders/7" }),
      refuse("another token", proof({ ath: base64url(sha256("another")) })),
      refuse("no ath", proof({ ath: undefined })),
      refuse("no jti", proof({ jti: undefined })),
      refuse("a jti of 129 characters", proof({ jti: "x".repeat(129) })),
      refuse("another typ", proof({}, { typ: "JWT" })),
      refuse("another alg", proof({}, { alg: "EdDSA" })),
      refuse("a kid in the header", proof({}, { kid: "proof-key" })),
      refuse("the private key in the header", proof({}, { jwk: prover.privateJwk })),
      refuse("the key of another as its own", proof({}, { jwk: stranger.publicJwk })),
      refuse(
        "a good proof by another key",
        stranger.sign(
          JSON.stringify({ ...header, jwk: stranger.publicJwk }),
          JSON.stringify({ ...payload, jti: "proof-2" }),
        ),
      ),
      refuse("more than 4096 characters", proof({ pad: "x".repeat(4_096) })),
    ],
  };
}
