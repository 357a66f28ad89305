/** `tokens.json`: session tokens, good and bad, and what a verifier must say of each. */
import { createHmac } from "node:crypto";
import { withOtherS } from "@breezeway/test-support/signer";
import { base64url, createSigner, type KnownSignatures, type VectorSigner } from "./signers.ts";

export const ISSUER = "https://shell.example/auth";
export const AUDIENCE = "orders";
export const NOW_SECONDS = 1_795_298_430;
const ORIGIN = "https://orders.example";

export interface TokenCase {
  readonly name: string;
  readonly token: string;
  /** Default `["EdDSA"]`. */
  readonly algorithms?: readonly string[];
  readonly request?: {
    readonly origin?: string;
    readonly tenantId?: string;
    readonly scopes?: readonly string[];
  };
  readonly session?: object;
  readonly reason?: string;
}

type Claims = Record<string, unknown>;

export function tokenVectors(known: KnownSignatures): object {
  const keys = createVectorKeys(known);
  return {
    issuer: ISSUER,
    audience: AUDIENCE,
    nowSeconds: NOW_SECONDS,
    jwks: { keys: keySet(keys) },
    cases: [...accepted(keys), ...claimCases(keys), ...signatureCases(keys), ...formCases(keys)],
  };
}

export interface VectorKeys {
  readonly ed25519: VectorSigner;
  readonly p256: VectorSigner;
  readonly forEncryption: VectorSigner;
  readonly forAnotherAlgorithm: VectorSigner;
  readonly unpublished: VectorSigner;
}

export function createVectorKeys(known: KnownSignatures): VectorKeys {
  return {
    ed25519: createSigner("key-1", "EdDSA", known),
    p256: createSigner("key-2", "ES256", known),
    forEncryption: createSigner("key-3", "EdDSA", known),
    forAnotherAlgorithm: createSigner("key-4", "EdDSA", known),
    unpublished: createSigner("key-5", "EdDSA", known),
  };
}

/** Two keys that sign session tokens, and two that a verifier must leave alone. */
function keySet(keys: VectorKeys): readonly object[] {
  const entry = ({ publicJwk, kid, alg }: VectorSigner) => ({ ...publicJwk, kid, alg, use: "sig" });
  return [
    entry(keys.ed25519),
    entry(keys.p256),
    { ...entry(keys.forEncryption), use: "enc" },
    { ...entry(keys.forAnotherAlgorithm), alg: "ES256" },
  ];
}

export function claims(overrides: Claims = {}, iat: number = NOW_SECONDS - 30): Claims {
  return {
    iss: ISSUER,
    aud: AUDIENCE,
    azp: ORIGIN,
    sub: "alice",
    userId: "alice",
    tenantId: "acme",
    sid: "session-1",
    jti: "token-1",
    iat,
    nbf: iat,
    exp: iat + 60,
    scope: "orders:read orders:write",
    ...overrides,
  };
}

export function headerOf({ alg, kid }: VectorSigner): Claims {
  return { alg, typ: "JWT", kid };
}

export function tokenOf(
  signer: VectorSigner,
  payload: Claims,
  header: Claims = headerOf(signer),
): string {
  return signer.sign(JSON.stringify(header), JSON.stringify(payload));
}

function without(all: Claims, name: string): Claims {
  const { [name]: _, ...rest } = all;
  return rest;
}

const SESSION = {
  userId: "alice",
  tenantId: "acme",
  handle: "session-1",
  appId: AUDIENCE,
  scopes: ["orders:read", "orders:write"],
} as const;

function accepted({ ed25519, p256 }: VectorKeys): readonly TokenCase[] {
  const good = tokenOf(ed25519, claims());
  const letThrough = (name: string, token: string, more: Partial<TokenCase> = {}): TokenCase => ({
    name,
    token,
    session: SESSION,
    ...more,
  });
  return [
    letThrough("a valid token", good),
    letThrough("a valid token with the request's own origin, tenant and scopes", good, {
      request: { origin: ORIGIN, tenantId: "acme", scopes: ["orders:read", "orders:write"] },
    }),
    letThrough("an ES256 token where ES256 is allowed", tokenOf(p256, claims()), {
      algorithms: ["EdDSA", "ES256"],
    }),
    letThrough("a life of exactly 300 s", tokenOf(ed25519, claims({ exp: NOW_SECONDS + 270 }))),
    letThrough(
      "a token that expired less than 5 s ago",
      tokenOf(ed25519, claims({}, NOW_SECONDS - 64)),
    ),
    letThrough("a token that begins in exactly 5 s", tokenOf(ed25519, claims({}, NOW_SECONDS + 5))),
    letThrough(
      "claims of the platform's own",
      tokenOf(ed25519, claims({ org_id: 7, kid: "4711", org: { id: 1, ids: [{ id: 2 }] } })),
    ),
    letThrough("no scopes", tokenOf(ed25519, claims({ scope: "" })), {
      session: { ...SESSION, scopes: [] },
    }),
    letThrough("names outside ASCII", tokenOf(ed25519, claims({ sub: "Łucja", userId: "Łucja" })), {
      session: { ...SESSION, userId: "Łucja" },
    }),
  ];
}

function refuse(
  name: string,
  reason: string,
  token: string,
  request?: TokenCase["request"],
): TokenCase {
  return { name, token, ...(request === undefined ? {} : { request }), reason };
}

function claimCases({ ed25519 }: VectorKeys): readonly TokenCase[] {
  const good = tokenOf(ed25519, claims());
  const at = (iat: number, overrides: Claims = {}): string =>
    tokenOf(ed25519, claims(overrides, iat));
  const withClaims = (overrides: Claims): string => tokenOf(ed25519, claims(overrides));
  const malformed = (name: string, overrides: Claims): TokenCase =>
    refuse(name, "token-malformed", withClaims(overrides));
  return [
    refuse("a token that expired exactly 5 s ago", "token-expired", at(NOW_SECONDS - 65)),
    refuse("a token that begins in 6 s", "token-not-yet", at(NOW_SECONDS + 6)),
    refuse(
      "a token that was issued in the future",
      "iat-future",
      at(NOW_SECONDS + 30, { nbf: NOW_SECONDS }),
    ),
    refuse("another issuer", "issuer-mismatch", withClaims({ iss: `${ISSUER}/` })),
    refuse("another app", "audience-mismatch", withClaims({ aud: "inspector" })),
    refuse("another issuer and another app", "issuer-mismatch", withClaims({ iss: "x", aud: "y" })),
    refuse("another origin in the request", "azp-mismatch", good, {
      origin: "https://evil.example",
    }),
    refuse("an opaque origin in the request", "azp-mismatch", good, { origin: "null" }),
    refuse("another tenant in the request", "tenant-mismatch", good, { tenantId: "globex" }),
    refuse("a missing scope", "scope-missing", good, { scopes: ["orders:read", "orders:delete"] }),
    refuse("a scope that only begins alike", "scope-missing", good, { scopes: ["orders"] }),
    refuse(
      "a bound token without a proof",
      "proof-invalid",
      withClaims({ cnf: { jkt: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" } }),
    ),
    malformed("a life of 301 s", { exp: NOW_SECONDS + 271 }),
    malformed("an end that is the beginning", { iat: NOW_SECONDS, exp: NOW_SECONDS }),
    malformed("a userId that is not the sub", { userId: "bob" }),
    malformed("a list of audiences", { aud: [AUDIENCE] }),
    malformed("an exp that is a string", { exp: String(NOW_SECONDS + 30) }),
    malformed("an nbf that is a boolean", { nbf: true }),
    malformed("a negative iat", { iat: -1 }),
    malformed("an empty tenantId", { tenantId: "" }),
    malformed("two spaces in the scope", { scope: "orders:read  orders:write" }),
    malformed("a list of scopes", { scope: ["orders:read"] }),
    ...Object.keys(claims()).map((name) =>
      refuse(`no ${name}`, "token-malformed", tokenOf(ed25519, without(claims(), name))),
    ),
  ];
}

function signatureCases(keys: VectorKeys): readonly TokenCase[] {
  const { ed25519, p256, unpublished } = keys;
  const [header = "", , signature = ""] = tokenOf(ed25519, claims()).split(".");
  const p256Token = tokenOf(p256, claims());
  const p256Input = p256Token.slice(0, p256Token.lastIndexOf("."));
  const p256Signature = p256Token.slice(p256Input.length + 1);
  const forged = base64url(JSON.stringify(claims({ sub: "bob", userId: "bob" })));
  const unsigned = base64url(JSON.stringify({ alg: "none", typ: "JWT", kid: "key-1" }));
  const payload = base64url(JSON.stringify(claims()));
  const short = base64url(Buffer.from(signature, "base64url").subarray(0, 63));
  return [
    refuse("a payload that was changed", "token-signature", `${header}.${forged}.${signature}`),
    refuse("a signature of 63 bytes", "token-signature", `${header}.${payload}.${short}`),
    refuse("no signature", "token-signature", `${header}.${payload}.`),
    refuse(
      "another key under a published id",
      "token-signature",
      tokenOf(unpublished, claims(), headerOf(ed25519)),
    ),
    refuse("a key that is not published", "key-unknown", tokenOf(unpublished, claims())),
    refuse(
      "a key that is published for encryption",
      "key-unknown",
      tokenOf(keys.forEncryption, claims()),
    ),
    refuse(
      "a key that is published for another algorithm",
      "key-unknown",
      tokenOf(keys.forAnotherAlgorithm, claims()),
    ),
    refuse("alg none", "token-alg", `${unsigned}.${payload}.`),
    refuse(
      "HS256 with the public key as its secret",
      "token-alg",
      hmacToken(String(ed25519.publicJwk.x), { alg: "HS256", typ: "JWT", kid: "key-1" }),
    ),
    refuse("ES256 where only EdDSA is allowed", "token-alg", tokenOf(p256, claims())),
    {
      ...refuse(
        "the algorithm of another key",
        "token-alg",
        tokenOf(p256, claims(), { alg: "ES256", typ: "JWT", kid: "key-1" }),
      ),
      algorithms: ["EdDSA", "ES256"],
    },
    {
      ...refuse(
        "an ES256 signature with n − s in the place of s",
        "token-signature",
        `${p256Input}.${base64url(withOtherS(Buffer.from(p256Signature, "base64url")))}`,
      ),
      algorithms: ["EdDSA", "ES256"],
    },
  ];
}

function hmacToken(secret: string, header: Claims): string {
  const input = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims()))}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

function formCases({ ed25519, unpublished }: VectorKeys): readonly TokenCase[] {
  const good = tokenOf(ed25519, claims());
  const [header = "", payload = "", signature = ""] = good.split(".");
  const headerText = JSON.stringify(headerOf(ed25519));
  const text = JSON.stringify(claims());
  const malformed = (name: string, token: string): TokenCase =>
    refuse(name, "token-malformed", token);
  const withHeader = (more: Claims): string =>
    tokenOf(ed25519, claims(), { ...headerOf(ed25519), ...more });
  const signed = (headerPart: string, payloadPart: string | Buffer): string =>
    ed25519.sign(headerPart, payloadPart);
  return [
    malformed("an empty string", ""),
    malformed("two parts", `${header}.${payload}`),
    malformed("four parts", `${good}.e30`),
    malformed("an empty header", `.${payload}.${signature}`),
    malformed("an empty payload", `${header}..${signature}`),
    malformed("padding", `${good}==`),
    malformed("a space before the token", ` ${good}`),
    malformed("a line break inside", `${header}.\n${payload}.${signature}`),
    malformed("unused bits that are set", withTailBits(good)),
    malformed(
      "letters of the other base64 alphabet",
      `${header}.${payload}.+/${signature.slice(2)}`,
    ),
    malformed("more than 8192 characters", tokenOf(ed25519, claims({ pad: "x".repeat(8_192) }))),
    malformed("a header of more than 1024 characters", withHeader({ kid: "k".repeat(1_024) })),
    malformed("a kid of 257 characters", withHeader({ kid: "k".repeat(257) })),
    malformed("a header without kid", signed('{"alg":"EdDSA","typ":"JWT"}', text)),
    malformed("a kid that is a number", withHeader({ kid: 1 })),
    malformed("another typ", withHeader({ typ: "at+jwt" })),
    malformed("the typ of a lifecycle call", withHeader({ typ: "lifecycle+jwt" })),
    malformed("typ in lower case", withHeader({ typ: "jwt" })),
    malformed("crit in the header", withHeader({ crit: ["exp"] })),
    malformed("b64 in the header", withHeader({ crit: ["b64"], b64: false })),
    malformed(
      "a key in the header",
      tokenOf(unpublished, claims(), { ...headerOf(ed25519), jwk: unpublished.publicJwk }),
    ),
    malformed("a URL of keys in the header", withHeader({ jku: "https://evil.example/jwks" })),
    malformed(
      "a header member twice",
      signed('{"alg":"none","alg":"EdDSA","typ":"JWT","kid":"key-1"}', text),
    ),
    malformed("a claim twice", signed(headerText, text.replace("{", '{"tenantId":"globex",'))),
    malformed(
      "a nested name twice, once escaped",
      signed(headerText, text.replace("{", '{"org":[{"id":1,"\\u0069d":2}],')),
    ),
    malformed("a payload that is a list", signed(headerText, "[]")),
    malformed("a payload that is not JSON", signed(headerText, "{")),
    malformed("a payload that is not UTF-8", signed(headerText, notUtf8(text))),
    malformed("a byte order mark", signed(headerText, `\ufeff${text}`)),
  ];
}

function notUtf8(text: string): Buffer {
  const bytes = Buffer.from(text.replace("{", '{"note":"?",'));
  bytes[bytes.indexOf("?")] = 0xff;
  return bytes;
}

/** The same bytes in another spelling: bits of the last letter that no byte needs are set. */
function withTailBits(token: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return token.slice(0, -1) + alphabet.charAt(alphabet.indexOf(token.slice(-1)) + 1);
}
