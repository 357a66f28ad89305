/** What all of section 8 to 10 needs: base64url, strict JSON, signatures. It imports nothing of ours. */
import { verify, type KeyObject } from "node:crypto";

export type Members = Readonly<Record<string, unknown>>;

/** A rejection with the reason of the page. */
export class Rejected extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}

export interface Key {
  readonly alg: string;
  readonly key: KeyObject;
}

/** Section 8.4: members that no public key has. */
export const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

export function isSigned(input: string, signature: Buffer, { alg, key }: Key): boolean {
  if (signature.length !== 64) return false;
  const data = Buffer.from(input);
  return alg === "EdDSA"
    ? verify(null, data, key, signature)
    : verify("sha256", data, { key, dsaEncoding: "ieee-p1363" }, signature);
}

const HALF_ORDER = Buffer.from(
  "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8",
  "hex",
);

/** V8: of the two ES256 signatures for the same bytes, the one that a token may not have. */
export function hasHighS(signature: Buffer, { alg }: Key): boolean {
  return alg === "ES256" && signature.subarray(32).compare(HALF_ORDER) > 0;
}

/** Canonical base64url, or nothing. */
export function base64url(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, "base64url");
  return bytes.toString("base64url") === part ? bytes : undefined;
}

/** A strict JSON object as section 8.3 defines it, or nothing. */
export function strictObject(bytes: Buffer): Members | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject && !hasNameTwice(text) ? (value as Members) : undefined;
  } catch {
    return undefined;
  }
}

/** In text that is known to be JSON. */
function hasNameTwice(text: string): boolean {
  const open: (Set<string> | undefined)[] = [];
  for (const [token, name] of text.matchAll(/[{}[\]]|("(?:[^"\\]|\\.)*")(?:\s*:)?/gu)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(undefined);
    else if (token === "}" || token === "]") open.pop();
    else if (name !== undefined && token.endsWith(":")) {
      const names = open.at(-1);
      const resolved = JSON.parse(name) as string;
      if (names?.has(resolved)) return true;
      names?.add(resolved);
    }
  }
  return false;
}
