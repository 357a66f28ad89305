/**
 * The backend of an app, written from `docs/protocol.md` and the vectors alone: sections 8 and 15.2, with
 * `requests.ts` for sections 9, 10, 14 and 16. It imports nothing but Node's own cryptography.
 */
import { createHash, createPublicKey, type JsonWebKey } from "node:crypto";
import {
  base64url,
  hasHighS,
  isSigned,
  PRIVATE_MEMBERS,
  Rejected,
  strictObject,
  type Key,
  type Members,
} from "./encoding.ts";
import { credentialOf, Revocations } from "./requests.ts";

export interface Settings {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms?: readonly string[];
  /** Epoch seconds. */
  readonly now: () => number;
  /** The key set, or where it is. */
  readonly jwks: unknown;
}

export interface Asked {
  readonly origin?: string;
  readonly tenantId?: string;
  readonly scopes?: readonly string[];
  /** The key of which the request has a proof. */
  readonly thumbprint?: string;
}

export interface Session {
  readonly userId: string;
  readonly tenantId: string;
  readonly handle: string;
  readonly appId: string;
  readonly scopes: readonly string[];
}

const SKEW_SECONDS = 5;

/** Section 8.3, and 15.2 with another `typ`. */
export class Verifier {
  readonly revocations: Revocations = new Revocations();
  readonly #settings: Settings;
  readonly #keys: KeySet;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#keys = new KeySet(settings.jwks, settings.now);
  }

  async verify(token: string, asked: Asked = {}): Promise<Session> {
    const { kid, payload } = await this.#open(token, "JWT");
    const claims = sessionClaims(payload);
    this.#checkParties(claims);
    if (Number(claims["exp"]) - Number(claims["iat"]) > 300) throw new Rejected("token-malformed");
    this.#checkTimes(claims);
    // V16 and V17.
    if (this.revocations.isKeyRemoved(kid)) throw new Rejected("key-unknown");
    if (this.revocations.rejects(claims)) throw new Rejected("session-revoked");
    checkRequest(claims, asked);
    return {
      userId: String(claims["sub"]),
      tenantId: String(claims["tenantId"]),
      handle: String(claims["sid"]),
      appId: String(claims["aud"]),
      scopes: scopesOf(claims),
    };
  }

  /** Section 15.2. */
  async verifyCall(authorization: string | undefined, body: string): Promise<Members> {
    const token = credentialOf(authorization === undefined ? [] : [authorization]).token;
    const { payload } = await this.#open(token, "lifecycle+jwt");
    const claims = strictObject(payload);
    if (!claims) throw new Rejected("token-malformed");
    const texts = ["iss", "aud", "jti", "event", "installationId", "tenantId", "contentDigest"];
    const times = ["iat", "exp"];
    const life = Number(claims["exp"]) - Number(claims["iat"]);
    const isTyped =
      texts.every((name) => typeof claims[name] === "string" && claims[name] !== "") &&
      times.every((name) => Number.isInteger(claims[name]));
    const user = claims["userId"];
    const isUser = typeof user === "string" && user !== "";
    const isOfEvent = claims["event"] === "user-erased" ? isUser : user === undefined;
    if (!isTyped || !isOfEvent) throw new Rejected("token-malformed");
    this.#checkParties(claims);
    if (life < 1 || life > 60) throw new Rejected("token-malformed");
    this.#checkTimes(claims);
    if (Buffer.byteLength(body) > 4_096) throw new Rejected("body-too-large");
    const digest = createHash("sha256").update(body).digest("base64");
    if (claims["contentDigest"] !== `sha-256=:${digest}:`) throw new Rejected("token-signature");
    const said = strictObject(Buffer.from(body)) ?? {};
    const isSame =
      said["appId"] === claims["aud"] &&
      ["event", "installationId", "tenantId", "userId"].every(
        (name) => said[name] === claims[name],
      );
    if (!isSame) throw new Rejected("request-malformed");
    const { event, installationId, appId, tenantId, userId } = said;
    return { event, installationId, appId, tenantId, ...(isUser ? { userId } : {}) };
  }

  /** V1 to V8. */
  async #open(token: string, typ: string): Promise<{ kid: string; payload: Buffer }> {
    const parts = token.split(".");
    const [head = "", body = "", mark = ""] = parts;
    if (token.length > 8_192 || parts.length !== 3 || head === "" || body === "") {
      throw new Rejected("token-malformed");
    }
    const headBytes = head.length > 1_024 ? undefined : base64url(head);
    const header = headBytes && strictObject(headBytes);
    if (!header) throw new Rejected("token-malformed");
    const { alg, kid } = header;
    const { algorithms = ["EdDSA"] } = this.#settings;
    if (!algorithms.includes(String(alg))) throw new Rejected("token-alg");
    const isKid = typeof kid === "string" && kid.length > 0 && kid.length <= 256;
    if (header["typ"] !== typ || !isKid || Object.keys(header).length !== 3) {
      throw new Rejected("token-malformed");
    }
    const payload = base64url(body);
    const signature = base64url(mark);
    if (!payload || !signature) throw new Rejected("token-malformed");
    const key = await this.#keys.find(kid);
    if (key.alg !== alg) throw new Rejected("token-alg");
    if (!isSigned(`${head}.${body}`, signature, key) || hasHighS(signature, key)) {
      throw new Rejected("token-signature");
    }
    return { kid, payload };
  }

  /** V10 and V11. */
  #checkParties(claims: Members): void {
    if (claims["iss"] !== this.#settings.issuer) throw new Rejected("issuer-mismatch");
    if (claims["aud"] !== this.#settings.audience) throw new Rejected("audience-mismatch");
  }

  /** V13 to V15. */
  #checkTimes({ iat, nbf = 0, exp }: Members): void {
    const now = this.#settings.now();
    if (now >= Number(exp) + SKEW_SECONDS) throw new Rejected("token-expired");
    if (Number(nbf) > now + SKEW_SECONDS) throw new Rejected("token-not-yet");
    if (Number(iat) > now + SKEW_SECONDS) throw new Rejected("iat-future");
  }
}

/** V9: section 8.2. */
function sessionClaims(payload: Buffer): Members {
  const claims = strictObject(payload);
  if (!claims) throw new Rejected("token-malformed");
  const isText = (name: string, most = Infinity): boolean => {
    const value = claims[name];
    return typeof value === "string" && value.length > 0 && value.length <= most;
  };
  const isTime = (name: string): boolean => {
    const value = claims[name];
    return typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
  };
  const { scope, cnf } = claims;
  const isScope = typeof scope === "string" && /^(?:[!#-[\]-~]+(?: [!#-[\]-~]+)*)?$/u.test(scope);
  const jkt = ((cnf ?? {}) as Members)["jkt"];
  const isBound = typeof jkt === "string" && Object.keys(cnf as object).length === 1;
  const isGood =
    ["iss", "azp"].every((name) => isText(name)) &&
    ["aud", "sub", "userId", "tenantId", "sid", "jti"].every((name) => isText(name, 256)) &&
    ["iat", "nbf", "exp"].every(isTime) &&
    claims["sub"] === claims["userId"] &&
    Number(claims["exp"]) > Number(claims["iat"]) &&
    isScope &&
    (cnf === undefined || isBound);
  if (!isGood) throw new Rejected("token-malformed");
  return claims;
}

/** V18 to V21. */
function checkRequest(claims: Members, { origin, tenantId, scopes = [], thumbprint }: Asked): void {
  const bound = (claims["cnf"] as { readonly jkt: string } | undefined)?.jkt;
  if (bound !== thumbprint) throw new Rejected("proof-invalid");
  if (origin !== undefined && origin !== claims["azp"]) throw new Rejected("azp-mismatch");
  if (tenantId !== undefined && tenantId !== claims["tenantId"]) {
    throw new Rejected("tenant-mismatch");
  }
  const granted = scopesOf(claims);
  if (!scopes.every((scope) => granted.includes(scope))) throw new Rejected("scope-missing");
}

function scopesOf({ scope }: Members): readonly string[] {
  return scope === "" ? [] : String(scope).split(" ");
}

/** Section 8.4. */
class KeySet {
  readonly #source: unknown;
  readonly #now: () => number;
  #keys: ReadonlyMap<string, Key> | undefined;
  #fetchedAt = -Infinity;
  #triedAt = -Infinity;
  #isOutage = false;

  constructor(source: unknown, now: () => number) {
    this.#source = source;
    this.#now = now;
    if (typeof source !== "string") this.#keys = importKeys(source);
  }

  async find(kid: string): Promise<Key> {
    if (typeof this.#source === "string") {
      const isOld = this.#now() - this.#fetchedAt >= 300;
      const isUnknown = this.#keys?.has(kid) !== true;
      if ((isOld || isUnknown) && this.#now() - this.#triedAt >= 5) await this.#fetch(this.#source);
      if (this.#now() - this.#fetchedAt >= (this.#isOutage ? 3_600 : 300)) {
        throw new Rejected("keys-unavailable");
      }
    }
    const key = this.#keys?.get(kid);
    if (!key) throw new Rejected(this.#isOutage ? "keys-unavailable" : "key-unknown");
    return key;
  }

  async #fetch(url: string): Promise<void> {
    this.#triedAt = this.#now();
    try {
      const answer = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(5_000) });
      const set = strictObject(Buffer.from(await answer.arrayBuffer()));
      this.#keys = importKeys(set);
      this.#fetchedAt = this.#now();
      this.#isOutage = false;
    } catch {
      this.#isOutage = true;
    }
  }
}

function importKeys(set: unknown): ReadonlyMap<string, Key> {
  const { keys } = set as { readonly keys: readonly Members[] };
  const imported = new Map<string, Key>();
  if (keys.length > 64) throw new Rejected("keys-unavailable");
  for (const jwk of keys) {
    if (PRIVATE_MEMBERS.some((name) => name in jwk)) throw new Rejected("keys-unavailable");
    const { kty, crv, x, y, kid, use = "sig", key_ops: ops = ["verify"] } = jwk;
    const kinds: Readonly<Record<string, string>> = { "OKP Ed25519": "EdDSA", "EC P-256": "ES256" };
    const alg = kinds[`${String(kty)} ${String(crv)}`];
    const isForUs = use === "sig" && (ops as string[]).includes("verify");
    if (alg === undefined || !isForUs || (jwk["alg"] ?? alg) !== alg) continue;
    if (typeof kid !== "string" || imported.has(kid)) throw new Rejected("keys-unavailable");
    const key = { kty, crv, x, ...(y === undefined ? {} : { y }) } as JsonWebKey;
    imported.set(kid, { alg, key: createPublicKey({ key, format: "jwk" }) });
  }
  if (imported.size === 0) throw new Rejected("keys-unavailable");
  return imported;
}
