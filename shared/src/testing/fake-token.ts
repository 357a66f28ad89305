/**
 * Makes a compact JWT that decodes like a real one and has an invalid signature.
 *
 * @example
 * fakeToken({ sub: "alice", aud: "orders", exp: 1795298457 });
 */
export function fakeToken(claims: Readonly<Record<string, unknown>>): string {
  const header = { alg: "EdDSA", typ: "JWT", kid: "test" };
  return [encode(header), encode(claims), "bm90LWEtc2lnbmF0dXJl"].join(".");
}

function encode(value: unknown): string {
  // Encoded as bytes first, since `btoa` accepts only characters below 256.
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
