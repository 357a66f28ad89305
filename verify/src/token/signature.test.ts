import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { clockAt } from "../../test-support/clock-at.ts";
import {
  NOW_SECONDS as NOW,
  ISSUER,
  claimsAt,
  createSigner,
  withOtherS,
} from "@breezeway/test-support/signer";
import { createSessionVerifierForTesting } from "../verifier/session-verifier.ts";
import type { VerificationKey } from "../keys/verification-key.ts";
import { isSignatureValid } from "./signature.ts";

interface Vector {
  readonly id: string;
  readonly publicKey: string;
  readonly message: Buffer;
  readonly signature: Buffer;
  readonly isValid: boolean;
  readonly comment: string;
}

const file = join(import.meta.dirname, "../../test-support/wycheproof/ed25519.txt");
const vectors: readonly Vector[] = readFileSync(file, "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => {
    const [id = "", publicKey = "", message = "", signature = "", result, ...comment] =
      line.split(" ");
    return {
      id,
      publicKey,
      message: Buffer.from(message, "hex"),
      signature: Buffer.from(signature, "hex"),
      isValid: result === "valid",
      comment: comment.join(" "),
    };
  });

function keyOf(publicKey: string): VerificationKey {
  const x = Buffer.from(publicKey, "hex").toString("base64url");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  return { kid: "key-1", alg: "EdDSA", key };
}

describe("Wycheproof's Ed25519 vectors", () => {
  it("are complete", () => {
    expect(vectors).toHaveLength(145);
    expect(vectors.filter(({ isValid }) => isValid)).toHaveLength(84);
  });

  it.each(vectors)("$id $comment: $isValid", ({ publicKey, message, signature, isValid }) => {
    const token = { alg: "EdDSA", kid: "key-1", payload: message, signingInput: message } as const;
    expect(isSignatureValid({ ...token, signature }, keyOf(publicKey))).toBe(isValid);
  });
});

// The same manipulations are applied to signatures of session tokens, end to end.
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const PRIME = 2n ** 255n - 19n;

const littleEndian = (value: bigint): Buffer =>
  Buffer.from(Buffer.from(value.toString(16).padStart(64, "0"), "hex").toReversed());
const numberOf = (bytes: Buffer): bigint =>
  BigInt(`0x${Buffer.from(bytes.toReversed()).toString("hex")}`);

const signer = createSigner();
const token = signer.sign(claimsAt(NOW));
const input = token.slice(0, token.lastIndexOf("."));
const signature = Buffer.from(token.slice(input.length + 1), "base64url");
const [r, s] = [signature.subarray(0, 32), signature.subarray(32)];

const special = [
  0n,
  1n,
  ORDER - 1n,
  ORDER,
  ORDER + 1n,
  PRIME - 1n,
  PRIME,
  PRIME + 1n,
  2n ** 256n - 1n,
];
const forged: readonly (readonly [string, Buffer])[] = [
  ...special.flatMap((first) =>
    special.map((second): readonly [string, Buffer] => [
      `r=${first.toString(16)} s=${second.toString(16)}`,
      Buffer.concat([littleEndian(first), littleEndian(second)]),
    ]),
  ),
  ...special.map((value): readonly [string, Buffer] => [
    `its own r, s=${value.toString(16)}`,
    Buffer.concat([r, littleEndian(value)]),
  ]),
  // RFC 8032, section 5.1.7: without the bound S < order, every signature has several encodings.
  ...[1n, 2n, 4n, 8n, 15n].map((factor): readonly [string, Buffer] => [
    `s plus ${factor} times the order`,
    Buffer.concat([r, littleEndian(numberOf(s) + factor * ORDER)]),
  ]),
  [
    "the original with the sign of r changed",
    Buffer.concat([r.subarray(0, 31), Buffer.from([(r[31] ?? 0) ^ 0x80]), s]),
  ],
  ["the original with r and s exchanged", Buffer.concat([s, r])],
  ["the original without its last byte", signature.subarray(0, 63)],
  ["the original and one more byte", Buffer.concat([signature, Buffer.from([0])])],
  ["r alone", r],
  ["the original twice", Buffer.concat([signature, signature])],
  [
    "the original in DER",
    Buffer.concat([Buffer.from([0x30, 0x44, 0x02, 0x20]), r, Buffer.from([0x02, 0x20]), s]),
  ],
];

describe("a session token is rejected with the signature", () => {
  const verifier = createSessionVerifierForTesting(
    {
      issuer: ISSUER,
      audience: "orders",
      jwks: [signer.publicJwk],
    },
    { clock: clockAt(() => NOW * 1_000) },
  );

  it.each(forged)("%s", (_name, bytes) => {
    expect(() => verifier.verifySync(`${input}.${bytes.toString("base64url")}`)).toThrow(
      expect.objectContaining({ code: "TOKEN_SIGNATURE" }) as Error,
    );
  });

  it("unless the signature is unchanged", () => {
    expect(verifier.verifySync(`${input}.${signature.toString("base64url")}`)).toBeDefined();
  });
});

describe("an ES256 signature", () => {
  const signer = createSigner("key-1", "ES256");
  const verifier = createSessionVerifierForTesting(
    { issuer: ISSUER, audience: "orders", jwks: signer.jwks, algorithms: ["ES256"] },
    { clock: clockAt(() => NOW * 1_000) },
  );
  const good = signer.sign(claimsAt(NOW));
  const [header = "", payload = "", signature = ""] = good.split(".");
  const withSignature = (bytes: Buffer): string =>
    `${header}.${payload}.${bytes.toString("base64url")}`;
  const bytes = Buffer.from(signature, "base64url");
  const half = Buffer.from(
    "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8",
    "hex",
  );
  const withS = (s: Buffer): Buffer => Buffer.concat([bytes.subarray(0, 32), s]);

  it("with an s of at most half the order is accepted", async () => {
    expect(await verifier.verify(good)).toMatchObject({ userId: "alice" });
  });

  it.each([
    ["its twin with n − s", withOtherS(bytes)],
    ["an s of half the order", withS(half)],
    ["an s of half the order and one", withS(Buffer.from(half).fill(0xa9, 31))],
    ["an s of 0", withS(Buffer.alloc(32))],
    ["the highest s", withS(Buffer.alloc(32, 0xff))],
  ])("refuses another spelling: %s", async (_what, changed) => {
    await expect(verifier.verify(withSignature(changed))).rejects.toMatchObject({
      code: "TOKEN_SIGNATURE",
    });
  });
});
