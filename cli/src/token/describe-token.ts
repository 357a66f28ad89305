/** A decoded token in words, for people who debug. What it says is shown, and never believed. */
import { styleText } from "node:util";
import { TOKEN_LIMITS, type DecodedToken } from "@breezeway/shared";
import { printable } from "../printable.ts";

const MEANINGS: Readonly<Record<string, string>> = {
  iss: "issuer",
  aud: "the app it is for",
  azp: "origin that may send it",
  sub: "user",
  userId: "user",
  tenantId: "tenant",
  sid: "session",
  jti: "id of this token",
  iat: "issued",
  nbf: "valid from",
  exp: "valid until",
  scope: "what the app may do",
};
const TIMES: ReadonlySet<string> = new Set(["iat", "nbf", "exp"]);
const SHOWN_OF_SIGNATURE = 8;

/** The token, line by line. Its signature is never shown whole: the lines may be shared. */
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
  yield line("", `${signature.slice(0, SHOWN_OF_SIGNATURE)}… (${signature.length} characters)`);
}

/** What can be seen to be wrong with a token without its issuer's keys. */
export function* visibleProblems(
  token: string,
  { header, claims }: DecodedToken,
  nowSeconds: number,
): Generator<string> {
  if (token.length > TOKEN_LIMITS.maxTokenBytes) {
    yield `It is ${token.length} bytes long; at most ${TOKEN_LIMITS.maxTokenBytes} are allowed.`;
  }
  const { alg, typ, kid, ...others } = header;
  if (alg !== "EdDSA" && alg !== "ES256")
    yield `Its alg is ${show(alg)}; session tokens use EdDSA.`;
  if (typ !== "JWT") yield `Its typ is ${show(typ)}; it must be "JWT", in capitals.`;
  if (typeof kid !== "string") yield "Its header names no key (kid).";
  for (const name of Object.keys(others))
    yield `Its header has ${shownName(name)}, which is not allowed.`;
  for (const name of Object.keys(MEANINGS)) {
    if (claims[name] === undefined) yield `The claim ${name} is missing.`;
  }
  if (claims["sub"] !== claims["userId"]) yield "sub and userId differ; both must name the user.";
  yield* timeProblems(claims, nowSeconds);
}

function* timeProblems(claims: DecodedToken["claims"], nowSeconds: number): Generator<string> {
  const { iat, nbf, exp } = claims;
  const { maxTtlSeconds, maxClockSkewSeconds } = TOKEN_LIMITS;
  if (typeof exp === "number" && exp + maxClockSkewSeconds <= nowSeconds) {
    yield `It expired ${span(nowSeconds - exp)} ago; get a fresh one from the host.`;
  }
  for (const [name, value] of Object.entries({ iat, nbf })) {
    if (typeof value === "number" && value - maxClockSkewSeconds > nowSeconds) {
      yield `Its ${name} is ${span(value - nowSeconds)} ahead: one of the clocks is wrong.`;
    }
  }
  if (typeof exp === "number" && typeof iat === "number" && exp - iat > maxTtlSeconds) {
    yield `It lives ${exp - iat} seconds; session tokens live ${maxTtlSeconds} at most.`;
  }
}

export function showTime(epochSeconds: number, nowSeconds: number): string {
  const instant = new Date(epochSeconds * 1_000);
  const iso = Number.isNaN(instant.getTime()) ? "no time" : instant.toISOString();
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

/** Whoever made the token has chosen its names, too. */
function shownName(name: string): string {
  return /^[\w.:/-]*$/.test(name) ? name : show(name);
}

/** A value of the token, on one line. */
export function show(value: unknown): string {
  return value === undefined ? "missing" : printable(JSON.stringify(value));
}
