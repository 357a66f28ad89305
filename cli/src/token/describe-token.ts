/** Describes a decoded token, for debugging. Nothing in it is verified. */
import { styleText } from "node:util";
import { TOKEN_LIMITS, type DecodedToken } from "@breezeway/shared";
import { printable } from "../printable.ts";

const MEANINGS: Readonly<Record<string, string>> = {
  iss: "issuer",
  aud: "app",
  azp: "origin that may send it",
  sub: "user",
  userId: "user",
  tenantId: "tenant",
  sid: "session",
  jti: "token id",
  iat: "issued at",
  nbf: "valid from",
  exp: "valid until",
  scope: "granted scopes",
};
const TIMES: ReadonlySet<string> = new Set(["iat", "nbf", "exp"]);
const SHOWN_SIGNATURE_LENGTH = 8;

/** The token, line by line. The signature is never shown whole, because the lines may be shared. */
export function* describeToken(
  token: string,
  { header, claims }: DecodedToken,
  nowSeconds: number,
): Generator<string> {
  yield styleText("bold", "header");
  for (const [name, value] of Object.entries(header)) yield line(name, show(value));
  yield styleText("bold", "claims");
  for (const [name, value] of Object.entries(claims)) {
    const meaning = MEANINGS[name];
    const shown =
      TIMES.has(name) && typeof value === "number" ? showTime(value, nowSeconds) : show(value);
    yield line(name, meaning === undefined ? shown : `${shown}  ${styleText("dim", meaning)}`);
  }
  const signature = token.slice(token.lastIndexOf(".") + 1);
  yield styleText("bold", "signature");
  yield line("", `${signature.slice(0, SHOWN_SIGNATURE_LENGTH)}… (${signature.length} characters)`);
}

/** The problems of a token that are visible without the issuer's keys. */
export function* visibleProblems(
  token: string,
  { header, claims }: DecodedToken,
  nowSeconds: number,
): Generator<string> {
  if (token.length > TOKEN_LIMITS.maxTokenBytes) {
    yield `The token has ${token.length} bytes; the limit is ${TOKEN_LIMITS.maxTokenBytes}.`;
  }
  const { alg, typ, kid, ...others } = header;
  if (alg !== "EdDSA" && alg !== "ES256") {
    yield `The alg is ${show(alg)}; it must be "EdDSA" or "ES256".`;
  }
  if (typ !== "JWT") yield `The typ is ${show(typ)}; it must be "JWT".`;
  if (typeof kid !== "string") yield "The header has no kid; it must name the signing key.";
  for (const name of Object.keys(others)) {
    yield `The header has ${shownName(name)}; only alg, typ and kid are allowed.`;
  }
  for (const name of Object.keys(MEANINGS)) {
    if (claims[name] === undefined) yield `The claim ${name} is missing.`;
  }
  if (claims["sub"] !== claims["userId"])
    yield "The claims sub and userId differ; both must name the user.";
  yield* timeProblems(claims, nowSeconds);
}

function* timeProblems(claims: DecodedToken["claims"], nowSeconds: number): Generator<string> {
  const { iat, nbf, exp } = claims;
  const { maxTtlSeconds, maxClockSkewSeconds } = TOKEN_LIMITS;
  if (typeof exp === "number" && exp + maxClockSkewSeconds <= nowSeconds) {
    yield `The token expired ${span(nowSeconds - exp)} ago. Get a new one from the host.`;
  }
  for (const [name, value] of Object.entries({ iat, nbf })) {
    if (typeof value === "number" && value - maxClockSkewSeconds > nowSeconds) {
      yield `The ${name} is ${span(value - nowSeconds)} in the future. Compare the clocks of both machines.`;
    }
  }
  if (typeof exp === "number" && typeof iat === "number" && exp - iat > maxTtlSeconds) {
    yield `The token is valid for ${exp - iat} seconds; the limit is ${maxTtlSeconds}.`;
  }
}

export function showTime(epochSeconds: number, nowSeconds: number): string {
  const instant = new Date(epochSeconds * 1_000);
  const iso = Number.isNaN(instant.getTime()) ? "invalid time" : instant.toISOString();
  const distance = span(Math.abs(epochSeconds - nowSeconds));
  const relative = epochSeconds > nowSeconds ? `in ${distance}` : `${distance} ago`;
  return `${epochSeconds}  ${iso.replace(".000Z", "Z")} (${relative})`;
}

function span(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 120) return `${whole} s`;
  if (whole < 7_200) return `${Math.round(whole / 60)} min`;
  return whole < 172_800 ? `${Math.round(whole / 3_600)} h` : `${Math.round(whole / 86_400)} days`;
}

function line(name: string, value: string): string {
  return `  ${shownName(name).padEnd(10)} ${value}`;
}

/** The names come from the token, so they may be hostile. */
function shownName(name: string): string {
  return /^[\w.:/-]*$/.test(name) ? name : show(name);
}

/** A value of the token as printable JSON on one line. */
export function show(value: unknown): string {
  return value === undefined ? "missing" : printable(JSON.stringify(value));
}
