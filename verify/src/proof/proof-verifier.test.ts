import { describe, expect, it } from "vitest";
import { clockAt } from "../../test-support/clock-at.ts";
import { createProver, type Prover } from "@breezeway/test-support/prover";
import { NOW_SECONDS, base64url } from "@breezeway/test-support/signer";
import { importProofKey } from "./proof-key.ts";
import type { ProofOptions } from "./proof-options.ts";
import { createProofVerifierForTesting, type ProofRequest } from "./proof-verifier.ts";

const prover = createProver();
const TOKEN = "the.session.token";
const URL_OF_REQUEST = "https://api.example/orders/7";
const good = { url: URL_OF_REQUEST, token: TOKEN, nowSeconds: NOW_SECONDS };

function open(options: Partial<ProofOptions> = {}, nowSeconds = () => NOW_SECONDS) {
  const nowMs = (): number => nowSeconds() * 1_000;
  const clock = { ...clockAt(nowMs), monotonic: nowMs };
  return createProofVerifierForTesting(
    { publicUrls: "https://api.example", ...options },
    { clock },
  );
}

function requestWith(proof: string | undefined, changes: Partial<ProofRequest> = {}): ProofRequest {
  return { proof, method: "GET", target: "/orders/7?x=1", token: TOKEN, ...changes };
}

const refused = expect.objectContaining({ code: "PROOF_INVALID" }) as Error;

describe("RFC 9449's own example", () => {
  // Section 7.1, figure 12: a request for https://resource.example.org/protectedresource.
  const proof = [
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19",
    "eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9",
    "2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA",
  ].join(".");
  const token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
  const request = { proof, method: "GET", target: "/protectedresource", token };
  const verifier = open({ publicUrls: "https://resource.example.org" }, () => 1_562_262_618);

  it("is accepted, with the key thumbprint that section 6.1 gives", () => {
    expect(verifier.verify(request)).toEqual({
      keyThumbprint: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I",
      id: "e1j3V_bKic8-LAEB",
      issuedAtSeconds: 1_562_262_618,
    });
  });

  it("is rejected for another token", () => {
    expect(() => verifier.verify({ ...request, token: `${token}x` })).toThrow(refused);
  });
});

describe("the thumbprint of a key", () => {
  it("covers only the required public members, in any order", () => {
    const { x, y } = prover.jwk;
    const jwk = { y, kid: "k", use: "sig", alg: "ES256", x, kty: "EC", crv: "P-256" };
    expect(importProofKey(jwk)?.thumbprint).toBe(prover.thumbprint);
  });
});

describe("a proof", () => {
  it("yields the thumbprint of its key, its id and its time", () => {
    const proof = prover.prove(good, { jti: "one" });
    expect(open().verify(requestWith(proof))).toEqual({
      keyThumbprint: prover.thumbprint,
      id: "one",
      issuedAtSeconds: NOW_SECONDS,
    });
  });

  it.each([
    ["with a query and a fragment in its URL", { htu: `${URL_OF_REQUEST}?y=2#z` }],
    [
      "with an origin in capitals and the default port",
      { htu: "HTTPS://API.example:443/orders/7" },
    ],
    ["made 35 seconds ago", { iat: NOW_SECONDS - 35 }],
    ["made 5 seconds from now", { iat: NOW_SECONDS + 5 }],
    ["with a fraction in its time", { iat: NOW_SECONDS - 0.5 }],
    ["with an unrequested nonce", { nonce: "x" }],
  ])("is accepted %s", (_, payload) => {
    expect(open().verify(requestWith(prover.prove(good, payload))).keyThumbprint).toBe(
      prover.thumbprint,
    );
  });

  it("is accepted below a public path that a proxy strips", () => {
    const proof = prover.prove({ ...good, url: "https://api.example/v1/orders/7" });
    const verifier = open({ publicUrls: ["https://other.example", "https://api.example/v1"] });
    expect(verifier.verify(requestWith(proof)).keyThumbprint).toBe(prover.thumbprint);
    expect(() => open().verify(requestWith(proof))).toThrow(refused);
  });

  it.each([
    ["for another method", { htm: "POST" }],
    ["for the method in lower case", { htm: "get" }],
    ["for another path", { htu: "https://api.example/orders/8" }],
    ["for another spelling of the path", { htu: "https://api.example/orders/%37" }],
    ["for another origin", { htu: "https://evil.example/orders/7" }],
    ["with a user name in its URL", { htu: "https://alice@api.example/orders/7" }],
    ["with user name and password in its URL", { htu: "https://a:b@api.example/orders/7" }],
    ["with an empty user name in its URL", { htu: "https://@api.example/orders/7" }],
    ["with a dot segment in its path", { htu: "https://api.example/orders/./7" }],
    ["with a segment of two dots in its path", { htu: "https://api.example/x/../orders/7" }],
    ["with encoded dots in its path", { htu: "https://api.example/x/%2e%2E/orders/7" }],
    ["with a dot segment above the root", { htu: "https://api.example/../orders/7" }],
    ["with a backslash in its URL", { htu: "https://api.example\\orders/7" }],
    ["with one slash after the scheme", { htu: "https:/api.example/orders/7" }],
    ["with three slashes after the scheme", { htu: "https:///api.example/orders/7" }],
    ["with a tab in its URL", { htu: "https://api.example/ord\ters/7" }],
    ["with a space before its URL", { htu: " https://api.example/orders/7" }],
    ["with an encoded letter in its host", { htu: "https://ap%69.example/orders/7" }],
    ["for plain http", { htu: "http://api.example/orders/7" }],
    ["for a path alone", { htu: "/orders/7" }],
    ["without a URL", { htu: undefined }],
    ["for another token", { ath: "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo" }],
    ["without a token digest, as for a token endpoint", { ath: undefined }],
    ["made 36 seconds ago", { iat: NOW_SECONDS - 36 }],
    ["made 6 seconds from now", { iat: NOW_SECONDS + 6 }],
    ["with a time that is a string", { iat: String(NOW_SECONDS) }],
    ["without a time", { iat: undefined }],
    ["without an id", { jti: undefined }],
    ["with an empty id", { jti: "" }],
    ["with an id of 129 characters", { jti: "x".repeat(129) }],
  ])("is refused %s", (_, payload) => {
    expect(() => open().verify(requestWith(prover.prove(good, payload)))).toThrow(refused);
  });

  const stranger = createProver();
  const big = "x".repeat(4_096);
  const asText = (header: object, payload: object, by: Prover = prover): string =>
    by.signText(JSON.stringify(header), JSON.stringify(payload));
  const header = { typ: "dpop+jwt", alg: "ES256", jwk: prover.jwk };
  const [head = "", body = "", mark = ""] = prover.prove(good).split(".");

  it.each<[string, string | undefined]>([
    ["that is missing", undefined],
    ["that is empty", ""],
    ["that consists of two proofs", `${prover.prove(good)}, ${prover.prove(good)}`],
    ["of two parts", `${head}.${body}`],
    ["of four parts", `${head}.${body}.${mark}.${mark}`],
    ["with padding", `${head}.${body}.${mark}==`],
    ["that is too long", prover.prove(good, { more: big })],
    ["of type JWT", prover.prove(good, {}, { typ: "JWT" })],
    ["without a type", prover.prove(good, {}, { typ: undefined })],
    [
      "with alg none and no signature",
      `${base64url(JSON.stringify({ ...header, alg: "none" }))}.${body}.`,
    ],
    ["with alg none", prover.prove(good, {}, { alg: "none" })],
    ["with alg HS256", prover.prove(good, {}, { alg: "HS256" })],
    ["with alg EdDSA", prover.prove(good, {}, { alg: "EdDSA" })],
    ["with a kid", prover.prove(good, {}, { kid: "k" })],
    ["with crit", prover.prove(good, {}, { crit: ["exp"] })],
    ["with the private key in its header", prover.prove(good, {}, { jwk: prover.privateJwk })],
    ["with a symmetric key", prover.prove(good, {}, { jwk: { kty: "oct", k: "c2VjcmV0" } })],
    ["without a key", prover.prove(good, {}, { jwk: undefined })],
    [
      "with a key of another curve",
      prover.prove(good, {}, { jwk: { ...prover.jwk, crv: "P-384" } }),
    ],
    [
      "with a point that is not on the curve",
      prover.prove(good, {}, { jwk: { ...prover.jwk, y: prover.jwk["x"] } }),
    ],
    [
      "with a coordinate in another spelling",
      prover.prove(good, {}, { jwk: { ...prover.jwk, x: `${String(prover.jwk["x"])}=` } }),
    ],
    ["with the key of another signer in its header", prover.prove(good, {}, { jwk: stranger.jwk })],
    ["whose payload was changed", `${head}.${base64url(JSON.stringify({ htm: "GET" }))}.${mark}`],
    ["whose payload is a list", prover.signText(JSON.stringify(header), "[]")],
    [
      "with a duplicate name in its payload",
      prover.signText(JSON.stringify(header), '{"htm":"GET","htm":"GET"}'),
    ],
    ["with a duplicate name in its header", prover.signText('{"alg":"none","alg":"ES256"}', "{}")],
    ["with an empty signature", `${asText(header, {}).split(".", 2).join(".")}.`],
  ])("is refused %s", (_, proof) => {
    expect(() => open().verify(requestWith(proof))).toThrow(refused);
  });

  it.each([
    ["/orders/../orders/7"],
    ["/orders/./7"],
    ["*"],
    ["https://api.example/orders/7"],
    ["//api.example/orders/7"],
    [undefined],
  ])("is refused for the request target %s, which is not a path in normal form", (target) => {
    const proof = prover.prove(good);
    expect(() => open().verify(requestWith(proof, { target }))).toThrow(refused);
  });

  it("is not quoted in the error that rejects it, nor is its token", () => {
    const proof = prover.prove(good, { htm: "POST" });
    let message = "";
    try {
      open().verify(requestWith(proof));
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain("another method");
    expect(message).not.toContain(proof.split(".")[2]);
    expect(message).not.toContain(TOKEN);
  });
});

describe("a proof that was accepted", () => {
  const alice = { userId: "alice" };
  const bob = { userId: "bob" };
  const overloaded = expect.objectContaining({ code: "OVERLOADED" }) as Error;
  const once = (id: string, { keyThumbprint = "key", issuedAtSeconds = NOW_SECONDS } = {}) => ({
    keyThumbprint,
    id,
    issuedAtSeconds,
  });

  it("is rejected the second time, and its id stays usable for another key", () => {
    const verifier = open();
    verifier.accept(once("a"), alice);
    expect(() => verifier.accept(once("a"), alice)).toThrow(refused);
    verifier.accept(once("a", { keyThumbprint: "other" }), alice);
  });

  it("is rejected as used while it is recent enough, and as too old after that", () => {
    // The result must not depend on how old the verifier is when the proof arrives.
    for (let ageSeconds = 0; ageSeconds < 90; ageSeconds += 0.5) {
      let nowSeconds = NOW_SECONDS - 5 - ageSeconds;
      const verifier = open({}, () => nowSeconds);
      nowSeconds = NOW_SECONDS - 5;
      verifier.accept(once("a"), alice);
      nowSeconds = NOW_SECONDS + 35;
      expect(() => verifier.accept(once("a"), alice)).toThrow(/used before/);
      nowSeconds += 1;
      expect(() => verifier.accept(once("a"), alice)).toThrow(/too old/);
    }
  });

  it("is forgotten after at most 80 seconds", () => {
    let nowSeconds = NOW_SECONDS;
    const verifier = open({ maxRememberedProofs: 100 }, () => nowSeconds);
    for (let index = 0; index < 10; index += 1) verifier.accept(once(`${index}`), alice);
    nowSeconds += 40;
    const next = () => once("next", { issuedAtSeconds: nowSeconds });
    expect(() => verifier.accept(next(), alice)).toThrow(overloaded);
    nowSeconds += 40;
    verifier.accept(next(), alice);
  });

  it("is rejected when it expires between its verification and its use", () => {
    let nowSeconds = NOW_SECONDS;
    const verifier = open({}, () => nowSeconds);
    const request = requestWith(prover.prove(good));
    const [first, second] = [verifier.verify(request), verifier.verify(request)];
    verifier.accept(first, alice);
    nowSeconds += 200;
    expect(() => verifier.accept(second, alice)).toThrow(refused);
  });

  it("is refused with OVERLOADED while the memory is full, until older proofs are forgotten", () => {
    let nowSeconds = NOW_SECONDS;
    const verifier = open({ maxRememberedProofs: 100 }, () => nowSeconds);
    for (let index = 0; index < 100; index += 1) {
      verifier.accept(once(`${index}`), { userId: `user-${index % 10}` });
    }
    expect(() => verifier.accept(once("one more"), alice)).toThrow(overloaded);
    expect(() => verifier.accept(once("0"), { userId: "user-0" })).toThrow(refused);
    nowSeconds += 80;
    verifier.accept(once("one more", { issuedAtSeconds: nowSeconds }), alice);
  });

  it("uses at most a tenth of the memory per user, with any number of keys", () => {
    const verifier = open({ maxRememberedProofs: 100 });
    for (let index = 0; index < 10; index += 1) {
      verifier.accept(once(`${index}`, { keyThumbprint: `key-${index}` }), alice);
    }
    const another = once("one more", { keyThumbprint: "key-10" });
    expect(() => verifier.accept(another, alice)).toThrow(overloaded);
    verifier.accept(another, bob);
  });
});

describe("createProofVerifier", () => {
  it.each([
    [{ publicUrls: [] }],
    [{ publicUrls: "api.example" }],
    [{ publicUrls: "ftp://api.example" }],
    [{ publicUrls: "https://api.example/v1/" }],
    [{ publicUrls: "https://api.example?x" }],
    [{ publicUrls: "https://alice@api.example" }],
    [{ publicUrls: ["https://api.example", "nonsense"] }],
    [{ maxRememberedProofs: 99 }],
    [{ maxRememberedProofs: Number.NaN }],
  ])("refuses %o", (options) => {
    expect(() => open(options)).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }) as Error,
    );
  });
});
