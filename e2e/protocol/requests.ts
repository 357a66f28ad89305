/**
 * What a backend reads of its requests and of the revocation feed, written from `docs/protocol.md` alone:
 * sections 9, 10, 14 and 16.
 */
import { createHash, createPublicKey, type JsonWebKey } from "node:crypto";
import {
  base64url,
  isSigned,
  PRIVATE_MEMBERS,
  Rejected,
  strictObject,
  type Members,
} from "./encoding.ts";

const SKEW_SECONDS = 5;

/** Section 10: the one credential of a request. */
export function credentialOf(headers: readonly string[]): { scheme: string; token: string } {
  const [header = ""] = headers;
  if (headers.length > 1 || header.includes(",")) throw new Rejected("duplicate-credentials");
  const [, scheme = "", token = ""] = /^(bearer|dpop) (.+)$/iu.exec(header) ?? [];
  if (token === "") throw new Rejected("token-missing");
  if (!/^[\w.~+/-]+=*$/u.test(token)) throw new Rejected("token-malformed");
  return { scheme: scheme.toLowerCase(), token };
}

export interface ProofRequest {
  readonly proof: string;
  readonly token: string;
  readonly method: string;
  readonly target: string;
}

/** Section 9: the thumbprint of the key that made a good proof of the request. */
export function proofKeyOf(request: ProofRequest, publicUrl: string, now: number): string {
  const fail = (): never => {
    throw new Rejected("proof-invalid");
  };
  const [head = "", body = "", mark = "", ...more] = request.proof.split(".");
  const [headBytes, bodyBytes, signature] = [base64url(head), base64url(body), base64url(mark)];
  const header = headBytes && strictObject(headBytes);
  const payload = bodyBytes && strictObject(bodyBytes);
  if (request.proof.length > 4_096 || more.length > 0 || !header || !payload || !signature) {
    return fail();
  }
  const { kty, crv, x, y, ...rest } = (header["jwk"] ?? {}) as Members;
  const isHeader =
    header["typ"] === "dpop+jwt" && header["alg"] === "ES256" && Object.keys(header).length === 3;
  const isKey =
    kty === "EC" &&
    crv === "P-256" &&
    [x, y].every((part) => base64url(String(part))?.length === 32) &&
    !PRIVATE_MEMBERS.some((name) => name in rest);
  if (!isHeader || !isKey) return fail();
  const jwk = { kty, crv, x, y } as JsonWebKey;
  const key = createPublicKey({ key: jwk, format: "jwk" });
  if (!isSigned(`${head}.${body}`, signature, { alg: "ES256", key })) return fail();

  const { jti, htm, htu, iat, ath } = payload;
  const age = typeof iat === "number" ? now - iat : Infinity;
  const hash = (text: string): string => createHash("sha256").update(text).digest("base64url");
  const url = URL.parse(String(htu));
  const [path] = request.target.split("?", 1);
  const isForThis =
    typeof jti === "string" &&
    jti.length >= 1 &&
    jti.length <= 128 &&
    htm === request.method &&
    url?.origin === publicUrl &&
    url.pathname === path &&
    age >= -SKEW_SECONDS &&
    age <= 35 &&
    ath === hash(request.token);
  return isForThis ? hash(JSON.stringify({ crv, kty, x, y })) : fail();
}

export interface Entry {
  readonly kind: string;
  readonly id: string;
  readonly tenantId?: string;
  readonly atSeconds: number;
  readonly seq?: number;
}

/** Section 14. */
export class Revocations {
  #entries: Entry[] = [];
  /** The id of the last event; what a reader that comes back sends. */
  lastId: string | undefined;

  take({ event, id, data }: StreamEvent): void {
    const value: unknown = JSON.parse(data);
    if (event === "snapshot") this.#entries = [...(value as { revocations: Entry[] }).revocations];
    else if (event === "revoked") this.#entries.push(value as Entry);
    this.lastId = id;
  }

  rejects(claims: Members): boolean {
    const names: Members = {
      session: claims["sid"],
      user: claims["sub"],
      tenant: claims["tenantId"],
      app: claims["aud"],
    };
    return this.#entries.some(
      ({ kind, id, tenantId, atSeconds, seq }) =>
        Object.hasOwn(names, kind) &&
        names[kind] === id &&
        (tenantId === undefined || tenantId === claims["tenantId"]) &&
        (kind === "session" ||
          (typeof claims["rev"] === "number" && seq !== undefined
            ? claims["rev"] < seq
            : Number(claims["iat"]) <= atSeconds)),
    );
  }

  isKeyRemoved(kid: string): boolean {
    return this.#entries.some((entry) => entry.kind === "key" && entry.id === kid);
  }
}

export interface StreamEvent {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string;
}

/** Server-sent events, as the HTML standard has them. */
export async function* readStream(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
      const fields = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      const field = (name: string): string | undefined =>
        fields.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      const [event, data] = [field("event"), field("data")];
      if (event !== undefined && data !== undefined) yield { id: field("id"), event, data };
    }
  }
}

/** Section 16: a value of an identity header; nothing for one that is not the gateway's. */
export function decodeHeader(value: string): string | undefined {
  if (/[^!-~]|,/u.test(value)) return undefined;
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
