/** The requests that every example program must answer alike, whatever its language. */
import type { HttpCode } from "@breezeway/shared";
import type { HeaderList } from "@breezeway/test-support/http-client";
import {
  APP_ORIGIN,
  base64url,
  claimsNow,
  hmacToken,
  withStrayTailBits,
  without,
} from "@breezeway/test-support/signer";
import type { CaseKeys } from "./case-keys.ts";

export interface Case {
  readonly name: string;
  /** Makes the request's headers when it is sent, because a token lives 60 seconds. */
  readonly headers: (keys: CaseKeys) => HeaderList;
  /** The expected refusal. Default: the request must succeed. */
  readonly refusal?: HttpCode;
}

type MakeToken = (keys: CaseKeys) => string;

const bearer = (value: string): readonly [string, string] => ["authorization", `Bearer ${value}`];

function refusing(name: string, refusal: HttpCode, make: MakeToken): Case {
  return { name, refusal, headers: (keys) => [bearer(make(keys))] };
}

function letting(name: string, make: MakeToken): Case {
  return { name, headers: (keys) => [bearer(make(keys))] };
}

/** A good token that was changed after it was signed. */
function respelled(change: (parts: [string, string, string]) => string): MakeToken {
  return ({ published }) =>
    change(published.sign(claimsNow()).split(".") as [string, string, string]);
}

function withHeader(more: object): MakeToken {
  return ({ published }) => published.sign(claimsNow(), { ...published.header, ...more });
}

function withClaims(overrides: object): MakeToken {
  return ({ published }) => published.sign(claimsNow({ ...overrides }));
}

const accepted: readonly Case[] = [
  letting("a valid token", withClaims({})),
  letting("a token of a second published key", ({ alsoPublished }) =>
    alsoPublished.sign(claimsNow()),
  ),
  letting("a token that expired within the clock skew", ({ published }) =>
    published.sign(claimsNow({}, -60)),
  ),
  letting("a token that begins within the clock skew", ({ published }) =>
    published.sign(claimsNow({}, 3)),
  ),
  letting("a token with claims of the customer's own", withClaims({ kid: "4711", org: { id: 1 } })),
  {
    name: "the token's own origin and tenant, and the scheme in lower case with two spaces",
    headers: ({ published }) => [
      ["authorization", `bearer  ${published.sign(claimsNow())}`],
      ["origin", APP_ORIGIN],
      ["x-tenant-id", "acme"],
    ],
  },
];

const requests: readonly Case[] = [
  { name: "no credential", refusal: "TOKEN_MISSING", headers: () => [] },
  {
    name: "a credential of another scheme",
    refusal: "TOKEN_MISSING",
    headers: () => [["authorization", "Basic YWxpY2U6c2VjcmV0"]],
  },
  {
    name: "a scheme without a token",
    refusal: "TOKEN_MISSING",
    headers: () => [["authorization", "Bearer"]],
  },
  {
    name: "words after the token",
    refusal: "TOKEN_MALFORMED",
    headers: ({ published }) => [bearer(`${published.sign(claimsNow())} please`)],
  },
  {
    name: "two credentials",
    refusal: "DUPLICATE_CREDENTIALS",
    headers: ({ published }) => [
      bearer(published.sign(claimsNow())),
      bearer(published.sign(claimsNow())),
    ],
  },
  {
    name: "two credentials joined by a proxy",
    refusal: "DUPLICATE_CREDENTIALS",
    headers: ({ published }) => {
      const good = published.sign(claimsNow());
      return [["authorization", `Bearer ${good}, Bearer ${good}`]];
    },
  },
  {
    name: "another origin",
    refusal: "AZP_MISMATCH",
    headers: ({ published }) => [
      bearer(published.sign(claimsNow())),
      ["origin", "https://evil.example"],
    ],
  },
  {
    name: "an opaque origin",
    refusal: "AZP_MISMATCH",
    headers: ({ published }) => [bearer(published.sign(claimsNow())), ["origin", "null"]],
  },
  {
    name: "another tenant",
    refusal: "TENANT_MISMATCH",
    headers: ({ published }) => [bearer(published.sign(claimsNow())), ["x-tenant-id", "globex"]],
  },
  {
    name: "two tenants, one of them right",
    refusal: "TENANT_MISMATCH",
    headers: ({ published }) => [
      bearer(published.sign(claimsNow())),
      ["x-tenant-id", "acme"],
      ["x-tenant-id", "globex"],
    ],
  },
];

const claimRules: readonly Case[] = [
  refusing("an expired token", "TOKEN_EXPIRED", ({ published }) =>
    published.sign(claimsNow({}, -66)),
  ),
  refusing("a token that is not valid yet", "TOKEN_NOT_YET", ({ published }) =>
    published.sign(claimsNow({}, 30)),
  ),
  refusing(
    "a token that is bound to a key, without a proof of it",
    "PROOF_INVALID",
    withClaims({ cnf: { jkt: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" } }),
  ),
  refusing("a token issued in the future", "IAT_FUTURE", ({ published }) =>
    published.sign(claimsNow({ nbf: claimsNow()["nbf"] }, 30)),
  ),
  refusing("another issuer", "ISSUER_MISMATCH", withClaims({ iss: "https://shell.example/auth/" })),
  refusing("another app's token", "AUDIENCE_MISMATCH", withClaims({ aud: "inspector" })),
  refusing("a missing scope", "SCOPE_MISSING", withClaims({ scope: "orders:write" })),
  refusing(
    "a scope that only begins alike",
    "SCOPE_MISSING",
    withClaims({ scope: "orders:reader" }),
  ),
  refusing("no scope at all", "SCOPE_MISSING", withClaims({ scope: "" })),
  refusing("a list of audiences", "TOKEN_MALFORMED", withClaims({ aud: ["orders", "inspector"] })),
  refusing("a life beyond the limit", "TOKEN_MALFORMED", ({ published }) =>
    published.sign(claimsNow({ exp: Number(claimsNow()["iat"]) + 301 })),
  ),
  refusing("a userId that is not the sub", "TOKEN_MALFORMED", withClaims({ userId: "bob" })),
  refusing("an exp that is a string", "TOKEN_MALFORMED", ({ published }) =>
    published.sign(claimsNow({ exp: String(claimsNow()["exp"]) })),
  ),
  refusing("an nbf that is a list", "TOKEN_MALFORMED", withClaims({ nbf: [1] })),
  refusing("an nbf that is true", "TOKEN_MALFORMED", withClaims({ nbf: true })),
  refusing("a list of scopes", "TOKEN_MALFORMED", withClaims({ scope: ["orders:read"] })),
  refusing("two spaces in the scope", "TOKEN_MALFORMED", withClaims({ scope: "a  orders:read" })),
  refusing("an empty tenant", "TOKEN_MALFORMED", withClaims({ tenantId: "" })),
  ...Object.keys(claimsNow()).map((name) =>
    refusing(`no ${name}`, "TOKEN_MALFORMED", ({ published }) =>
      published.sign(without(claimsNow(), name)),
    ),
  ),
];

const signatures: readonly Case[] = [
  refusing("alg none", "TOKEN_ALG", () => {
    const header = base64url(JSON.stringify({ alg: "none", typ: "JWT", kid: "key-1" }));
    return `${header}.${base64url(JSON.stringify(claimsNow()))}.`;
  }),
  refusing("HS256 with the public key as secret", "TOKEN_ALG", ({ published }) => {
    const pem = published.publicKey.export({ format: "pem", type: "spki" });
    return hmacToken(pem, { ...published.header, alg: "HS256" }, claimsNow());
  }),
  refusing("HS256 that calls itself EdDSA", "TOKEN_SIGNATURE", ({ published }) => {
    const { x } = published.publicKey.export({ format: "jwk" });
    return hmacToken(Buffer.from(x ?? "", "base64url"), published.header, claimsNow());
  }),
  refusing("an unknown key id", "KEY_UNKNOWN", ({ stranger }) => stranger.sign(claimsNow())),
  refusing("a key published for encryption", "KEY_UNKNOWN", ({ forEncryption }) =>
    forEncryption.sign(claimsNow()),
  ),
  refusing("a key published for another algorithm", "KEY_UNKNOWN", ({ forAnotherAlg }) =>
    forAnotherAlg.sign(claimsNow()),
  ),
  refusing("another key under a published key's id", "TOKEN_SIGNATURE", (keys) =>
    keys.stranger.sign(claimsNow(), keys.published.header),
  ),
  refusing("a published key under another's id", "TOKEN_SIGNATURE", (keys) =>
    keys.published.sign(claimsNow(), keys.alsoPublished.header),
  ),
  refusing(
    "a tampered payload",
    "TOKEN_SIGNATURE",
    respelled(([header, , signature]) => {
      const forged = claimsNow({ sub: "bob", userId: "bob" });
      return `${header}.${base64url(JSON.stringify(forged))}.${signature}`;
    }),
  ),
  refusing(
    "no signature",
    "TOKEN_SIGNATURE",
    respelled(([header, payload]) => `${header}.${payload}.`),
  ),
  refusing(
    "a signature cut short",
    "TOKEN_SIGNATURE",
    respelled(([header, payload, signature]) => {
      const short = Buffer.from(signature, "base64url").subarray(0, 63);
      return `${header}.${payload}.${base64url(short)}`;
    }),
  ),
];

const forms: readonly Case[] = [
  refusing("a malformed token", "TOKEN_MALFORMED", () => "hello"),
  refusing(
    "two parts",
    "TOKEN_MALFORMED",
    respelled(([header, payload]) => `${header}.${payload}`),
  ),
  refusing(
    "four parts",
    "TOKEN_MALFORMED",
    respelled((parts) => `${parts.join(".")}.e30`),
  ),
  refusing(
    "an empty payload",
    "TOKEN_MALFORMED",
    respelled(([h, , s]) => `${h}..${s}`),
  ),
  refusing(
    "padding",
    "TOKEN_MALFORMED",
    respelled((parts) => `${parts.join(".")}==`),
  ),
  refusing(
    "stray tail bits in the signature",
    "TOKEN_MALFORMED",
    respelled(([h, p, s]) => `${h}.${p}.${withStrayTailBits(s)}`),
  ),
  refusing(
    "letters that a lenient decoder skips",
    "TOKEN_MALFORMED",
    respelled(([h, p, s]) => `${h}.${p}.${s.slice(0, 8)}!!!!${s.slice(8)}`),
  ),
  refusing("more than 8 kB", "TOKEN_MALFORMED", withClaims({ padding: "x".repeat(8_192) })),
  refusing("a header of more than 1 kB", "TOKEN_MALFORMED", ({ published }) => {
    const kid = "k".repeat(1_024);
    return published.sign(claimsNow(), { ...published.header, kid });
  }),
  refusing("a header of nested lists", "TOKEN_MALFORMED", ({ published }) =>
    published.signText(
      `{"alg":"EdDSA","typ":"JWT","kid":"key-1","x":${"[".repeat(340)}${"]".repeat(340)}}`,
      JSON.stringify(claimsNow()),
    ),
  ),
  refusing("a header without kid", "TOKEN_MALFORMED", ({ published }) =>
    published.sign(claimsNow(), { alg: "EdDSA", typ: "JWT" }),
  ),
  refusing("a kid that is not a string", "TOKEN_MALFORMED", withHeader({ kid: 1 })),
  refusing("another typ", "TOKEN_MALFORMED", withHeader({ typ: "at+jwt" })),
  refusing("crit", "TOKEN_MALFORMED", withHeader({ crit: ["exp"] })),
  refusing("b64: false", "TOKEN_MALFORMED", withHeader({ crit: ["b64"], b64: false })),
  refusing("a key in the header", "TOKEN_MALFORMED", ({ stranger, published }) =>
    stranger.sign(claimsNow(), { ...published.header, jwk: stranger.publicJwk }),
  ),
  refusing("a header member twice", "TOKEN_MALFORMED", ({ published }) =>
    published.signText(
      `{"alg":"none","alg":"EdDSA","typ":"JWT","kid":"${published.kid}"}`,
      JSON.stringify(claimsNow()),
    ),
  ),
  refusing("a claim twice", "TOKEN_MALFORMED", ({ published }) =>
    published.signText(
      JSON.stringify(published.header),
      JSON.stringify(claimsNow()).replace("{", '{"tenantId":"globex",'),
    ),
  ),
  refusing("a nested name twice", "TOKEN_MALFORMED", ({ published }) =>
    published.signText(
      JSON.stringify(published.header),
      JSON.stringify(claimsNow()).replace("{", '{"org":[{"id":1,"\\u0069d":2}],'),
    ),
  ),
  refusing("a payload that is a list", "TOKEN_MALFORMED", ({ published }) =>
    published.signText(JSON.stringify(published.header), "[]"),
  ),
  refusing("a payload that is not JSON", "TOKEN_MALFORMED", ({ published }) =>
    published.signText(JSON.stringify(published.header), "{"),
  ),
  refusing("NaN in the payload", "TOKEN_MALFORMED", ({ published }) =>
    published.signText(
      JSON.stringify(published.header),
      JSON.stringify(claimsNow()).replace("{", '{"level":NaN,'),
    ),
  ),
  refusing("a payload in UTF-16", "TOKEN_MALFORMED", ({ published }) =>
    published.signText(
      JSON.stringify(published.header),
      Buffer.from(JSON.stringify(claimsNow()), "utf16le"),
    ),
  ),
  refusing("a payload that is not UTF-8", "TOKEN_MALFORMED", ({ published }) =>
    published.signText(
      JSON.stringify(published.header),
      Buffer.from(JSON.stringify(claimsNow({ org: "\u00ff" })), "latin1"),
    ),
  ),
  refusing("claims in other letter case", "TOKEN_MALFORMED", ({ published }) => {
    const { sub, ...rest } = claimsNow();
    return published.sign({ ...rest, SUB: sub });
  }),
];

export const CASES: readonly Case[] = [
  ...accepted,
  ...requests,
  ...claimRules,
  ...signatures,
  ...forms,
];
