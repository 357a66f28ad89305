/** Tests every rule of the verifier with the attack that it stops. Each case fails without its rule. */
import { BridgeError } from "@breezeway/shared";
import { sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { clockAt } from "../../test-support/clock-at.ts";
import {
  ISSUER,
  NOW_SECONDS as NOW,
  base64url,
  claimsAt,
  createSigner,
  without,
} from "@breezeway/test-support/signer";
import type { VerifyRequest } from "./claim-rules.ts";
import { createSessionVerifierForTesting } from "./session-verifier.ts";

const signer = createSigner();
const stranger = createSigner("key-1");
const p256 = createSigner("key-2", "ES256");
const claims = claimsAt(NOW);
const header = { alg: "EdDSA", typ: "JWT", kid: "key-1" };
const good = signer.sign(claims);
const [goodHeader = "", goodPayload = "", goodSignature = ""] = good.split(".");

const verifier = createSessionVerifierForTesting(
  {
    issuer: ISSUER,
    audience: "orders",
    jwks: { keys: [signer.publicJwk, p256.publicJwk] },
    isRevoked: ({ sid }) => sid === "session-revoked",
  },
  { clock: clockAt(() => NOW * 1_000) },
);

interface Attack {
  readonly name: string;
  readonly token: string;
  readonly code: string;
  readonly request?: VerifyRequest;
}

const withClaims = (overrides: object): string => signer.sign({ ...claims, ...overrides });
const withHeader = (overrides: object): string => signer.sign(claims, { ...header, ...overrides });
const withHeaderText = (text: string): string => signer.signText(text, JSON.stringify(claims));
const withPayloadText = (text: string): string => signer.signText(JSON.stringify(header), text);
const signedInput = (input: string): string =>
  `${input}.${base64url(sign(null, Buffer.from(input), signer.privateKey))}`;
const padded = (bytes: number): string => {
  const empty = withClaims({ pad: "" }).length;
  return withClaims({ pad: "x".repeat(Math.floor(((bytes - empty) * 3) / 4)) });
};

const malformed: readonly (readonly [string, string])[] = [
  ["an empty string", ""],
  ["one part", "abc"],
  ["two parts", `${goodHeader}.${goodPayload}`],
  ["four parts", `${good}.${goodSignature}`],
  ["an empty header", `.${goodPayload}.${goodSignature}`],
  ["an empty payload", signedInput(`${goodHeader}.`)],
  ["the JSON serialisation", JSON.stringify({ protected: goodHeader, payload: goodPayload })],
  ["a space before it", ` ${good}`],
  ["a newline after it", `${good}\n`],
  ["a newline inside it", good.replace(".", ".\n")],
  ["padding", `${good}==`],
  [
    "padding in the header",
    signedInput(`${base64url(JSON.stringify({ ...header, kid: "k" }))}=.${goodPayload}`),
  ],
  [
    "the other base64 alphabet",
    good.slice(0, -4).replaceAll("-", "+").replaceAll("_", "/") + "++//",
  ],
  ["altered unused bits in the last character of the signature", alterTailBits(good)],
  [
    "altered tail bits in the payload, signed so",
    signedInput(`${goodHeader}.${alterTailBits(base64url("{}"))}`),
  ],
  ["a character outside ASCII", good.replace("e", "е")],
  ["a length above 8 kB", padded(8_200)],
  ["a header above 1 kB", withHeader({ kid: "k".repeat(900) })],
  ["a header that is not JSON", withHeaderText("{alg:EdDSA}")],
  ["a header that is a list", withHeaderText('["EdDSA"]')],
  ["a header that is null", withHeaderText("null")],
  ["a header that is a number", withHeaderText("5")],
  ["a header that is an empty string", withHeaderText('""')],
  ["a header with a byte order mark", withHeaderText(`\ufeff${JSON.stringify(header)}`)],
  ["a header with two kids", withHeaderText('{"alg":"EdDSA","typ":"JWT","kid":"x","kid":"key-1"}')],
  [
    "a header with two algs, one escaped",
    withHeaderText('{"alg":"none","\\u0061lg":"EdDSA","typ":"JWT","kid":"key-1"}'),
  ],
  ["no typ", withHeaderText('{"alg":"EdDSA","kid":"key-1"}')],
  ["another typ", withHeader({ typ: "at+jwt" })],
  ["typ in another case", withHeader({ typ: "jwt" })],
  ["no kid", withHeaderText('{"alg":"EdDSA","typ":"JWT"}')],
  ["an empty kid", withHeader({ kid: "" })],
  ["a kid that is a number", withHeader({ kid: 1 })],
  ["a kid of 257 characters", withHeader({ kid: "k".repeat(257) })],
  ["crit", withHeader({ crit: ["b64"] })],
  ["b64", withHeader({ base64url: false })],
  ["jwk with the attacker's key", stranger.sign(claims, { ...header, jwk: stranger.publicJwk })],
  ["jku", withHeader({ jku: "https://evil.example/jwks.json" })],
  ["x5u", withHeader({ x5u: "https://evil.example/cert.pem" })],
  ["x5c", withHeader({ x5c: ["MIIB"] })],
  ["a payload that is not JSON", withPayloadText("hello")],
  ["a payload that is a list", withPayloadText("[]")],
  ["a payload that is a string", withPayloadText('"alice"')],
  [
    "a payload that is not UTF-8",
    signedInput(
      `${goodHeader}.${base64url(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))}`,
    ),
  ],
  ["two subs", withPayloadText(JSON.stringify(claims).replace("{", '{"sub":"root",'))],
  [
    "two names in a nested claim",
    withPayloadText(JSON.stringify(claims).replace("{", '{"org":{"a":1,"a":2},')),
  ],
  [
    "two __proto__",
    withPayloadText(JSON.stringify(claims).replace("{", '{"__proto__":{},"__proto__":{},')),
  ],
  ...Object.keys(claims).map((name): [string, string] => [
    `no ${name}`,
    signer.sign(without(claims, name)),
  ]),
  ...Object.keys(claims).map((name): [string, string] => [
    `${name} of another type`,
    withClaims({ [name]: typeof claims[name] === "number" ? String(NOW) : 7 }),
  ]),
  ...Object.keys(claims).map((name): [string, string] => [
    `${name} null`,
    withClaims({ [name]: null }),
  ]),
  ["a list of audiences", withClaims({ aud: ["orders"] })],
  ["an empty sub", withClaims({ sub: "", userId: "" })],
  [
    "an exp beyond all numbers",
    withPayloadText(JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e999')),
  ],
  ["a negative iat", withClaims({ iat: -1 })],
  ["a userId that is not the sub", withClaims({ userId: "bob" })],
  ["an exp before its iat", withClaims({ iat: NOW + 3, exp: NOW + 2 })],
  ["an exp equal to its iat", withClaims({ exp: NOW })],
  ["a lifetime of 301 seconds", withClaims({ exp: NOW + 301 })],
  ["a scope with two spaces", withClaims({ scope: "orders:read  orders:write" })],
  ["a scope with a space at its end", withClaims({ scope: "orders:read " })],
  ["a scope with a newline", withClaims({ scope: "orders:read\norders:write" })],
  ["a scope with a quote", withClaims({ scope: 'orders:"read' })],
];

const attacks: readonly Attack[] = [
  ...malformed.map(([name, token]) => ({ name, token, code: "TOKEN_MALFORMED" })),
  {
    name: "alg none",
    token: `${base64url('{"alg":"none","typ":"JWT","kid":"key-1"}')}.${goodPayload}.`,
    code: "TOKEN_ALG",
  },
  { name: "alg none in mixed case", token: withHeader({ alg: "nOnE" }), code: "TOKEN_ALG" },
  {
    name: "alg HS256 with the public key as the secret",
    token: withHeader({ alg: "HS256" }),
    code: "TOKEN_ALG",
  },
  {
    name: "alg Ed25519, the newer name of EdDSA",
    token: withHeader({ alg: "Ed25519" }),
    code: "TOKEN_ALG",
  },
  { name: "no alg", token: withHeaderText('{"typ":"JWT","kid":"key-1"}'), code: "TOKEN_ALG" },
  { name: "alg as a list", token: withHeader({ alg: ["EdDSA"] }), code: "TOKEN_ALG" },
  { name: "ES256 where only EdDSA is allowed", token: p256.sign(claims), code: "TOKEN_ALG" },
  {
    name: "EdDSA with the id of an ES256 key",
    token: withHeader({ kid: "key-2" }),
    code: "TOKEN_ALG",
  },
  { name: "a kid that is not published", token: withHeader({ kid: "key-9" }), code: "KEY_UNKNOWN" },
  {
    name: "a kid from Object.prototype",
    token: withHeader({ kid: "__proto__" }),
    code: "KEY_UNKNOWN",
  },
  {
    name: "a kid that is a path",
    token: withHeader({ kid: "../../dev/null" }),
    code: "KEY_UNKNOWN",
  },
  { name: "another key's signature", token: stranger.sign(claims), code: "TOKEN_SIGNATURE" },
  { name: "no signature", token: `${goodHeader}.${goodPayload}.`, code: "TOKEN_SIGNATURE" },
  {
    name: "a truncated signature",
    token: `${goodHeader}.${goodPayload}.${base64url(Buffer.from(goodSignature, "base64url").subarray(0, 63))}`,
    code: "TOKEN_SIGNATURE",
  },
  {
    name: "a signature with one more byte",
    token: `${goodHeader}.${goodPayload}.${base64url(Buffer.concat([Buffer.from(goodSignature, "base64url"), Buffer.from([0])]))}`,
    code: "TOKEN_SIGNATURE",
  },
  {
    name: "a signature of zeroes",
    token: `${goodHeader}.${goodPayload}.${base64url(Buffer.alloc(64))}`,
    code: "TOKEN_SIGNATURE",
  },
  {
    name: "another payload with the original signature",
    token: `${goodHeader}.${base64url(JSON.stringify({ ...claims, sub: "root" }))}.${goodSignature}`,
    code: "TOKEN_SIGNATURE",
  },
  {
    name: "the same header in another JSON spelling",
    token: `${base64url('{"kid":"key-1","alg":"EdDSA","typ":"JWT"}')}.${goodPayload}.${goodSignature}`,
    code: "TOKEN_SIGNATURE",
  },
  {
    name: "a wrong issuer with a wrong signature",
    token: stranger.sign({ ...claims, iss: "https://evil.example" }),
    code: "TOKEN_SIGNATURE",
  },
  {
    name: "an expired token with a wrong signature",
    token: stranger.sign({ ...claims, exp: 1 }),
    code: "TOKEN_SIGNATURE",
  },
  {
    name: "a payload that is not JSON with a wrong signature",
    token: stranger.signText(JSON.stringify(header), "?"),
    code: "TOKEN_SIGNATURE",
  },
  {
    name: "another issuer",
    token: withClaims({ iss: "https://evil.example" }),
    code: "ISSUER_MISMATCH",
  },
  {
    name: "the issuer with a trailing slash",
    token: withClaims({ iss: `${ISSUER}/` }),
    code: "ISSUER_MISMATCH",
  },
  {
    name: "the issuer in capitals",
    token: withClaims({ iss: ISSUER.toUpperCase() }),
    code: "ISSUER_MISMATCH",
  },
  { name: "another app", token: withClaims({ aud: "inspector" }), code: "AUDIENCE_MISMATCH" },
  {
    name: "an app whose name starts with the audience",
    token: withClaims({ aud: "orders-2" }),
    code: "AUDIENCE_MISMATCH",
  },
  {
    name: "a token that expired longer ago than the skew",
    token: withClaims({ iat: NOW - 65, nbf: NOW - 65, exp: NOW - 5 }),
    code: "TOKEN_EXPIRED",
  },
  {
    name: "a token whose nbf is beyond the skew",
    token: withClaims({ nbf: NOW + 6 }),
    code: "TOKEN_NOT_YET",
  },
  {
    name: "a token whose iat is beyond the skew",
    token: withClaims({ iat: NOW + 6 }),
    code: "IAT_FUTURE",
  },
  {
    name: "a revoked session",
    token: withClaims({ sid: "session-revoked" }),
    code: "SESSION_REVOKED",
  },
  {
    name: "another origin",
    token: good,
    request: { origin: "https://evil.example" },
    code: "AZP_MISMATCH",
  },
  { name: "an opaque origin", token: good, request: { origin: "null" }, code: "AZP_MISMATCH" },
  { name: "an empty origin", token: good, request: { origin: "" }, code: "AZP_MISMATCH" },
  {
    name: "another tenant in the request",
    token: good,
    request: { tenantId: "globex" },
    code: "TENANT_MISMATCH",
  },
  {
    name: "a scope that was not granted",
    token: good,
    request: { scopes: ["orders:read", "orders:delete"] },
    code: "SCOPE_MISSING",
  },
  {
    name: "a scope that is only a part of a granted one",
    token: good,
    request: { scopes: ["orders"] },
    code: "SCOPE_MISSING",
  },
];

describe("a verifier refuses", () => {
  it.each(attacks)("$name: $code", async ({ token, code, request }) => {
    // Each path runs twice: the second run must not find a session that the first one cached.
    for (let round = 0; round < 2; round += 1) {
      const failure = await verifier.verify(token, request).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(BridgeError);
      expect((failure as BridgeError).code).toBe(code);
      expect(() => verifier.verifySync(token, request)).toThrow(
        expect.objectContaining({ code }) as Error,
      );
    }
  });

  it("a token that is not a string", async () => {
    await expect(verifier.verify(undefined as unknown as string)).rejects.toMatchObject({
      code: "TOKEN_MALFORMED",
    });
  });

  it("without quoting the token or its claims in the error", async () => {
    for (const { token, request } of attacks) {
      const error = await verifier.verify(token, request).catch((caught: unknown) => caught);
      const { message, details } = error as BridgeError;
      const text = `${message} ${JSON.stringify(details)}`;
      for (const secret of ["alice", "acme", "session-1", "token-1", goodPayload, goodSignature]) {
        expect(text).not.toContain(secret);
      }
    }
  });
});

/** The last character of a base64url part may hold unused bits; this sets them. */
function alterTailBits(text: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return text.slice(0, -1) + alphabet.charAt(alphabet.indexOf(text.slice(-1)) + 1);
}
