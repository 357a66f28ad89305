/**
 * Proof of possession (DPoP, RFC 9449): tokens are bound to a key of this page.
 *
 * No script can read the private key, not even this one, and it ends with the page. A script in the
 * page can still use it while the page is open.
 */
import { BridgeError, PROOF_ALGORITHM } from "@breezeway/shared";
import { WORDS } from "@breezeway/shared/words";

export interface Proof {
  /** SHA-256 thumbprint of the public key (RFC 7638), in base64url. Tokens carry it as `cnf.jkt`. */
  readonly keyThumbprint: string;
  /**
   * Sets `Authorization: DPoP` and `DPoP` on a request: the token, and a proof for this request alone.
   * For requests that `bridge.fetch` does not send. Each attempt needs a new proof.
   *
   * @param nowMs The issuer's time in epoch milliseconds. Default: the time of this device, which may
   * be wrong.
   */
  authorize(request: Request, token: string, nowMs?: number): Promise<void>;
}

const EC = { name: "ECDSA", namedCurve: "P-256" } as const;
// Verifiers accept proofs that are much older than this, and almost none from the future.
const BACKDATE_SECONDS = 5;
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" } as const;

/**
 * Makes a key pair for this page.
 *
 * @throws {BridgeError} CONFIG_INVALID, when the page is served neither over https nor from loopback
 *
 * @example
 * const bridge = await createAppBridge({ proof: await createProof() });
 */
export async function createProof(): Promise<Proof> {
  // Missing outside secure contexts (https://w3c.github.io/webcrypto/#Crypto-interface).
  const subtle = crypto.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) {
    throw new BridgeError(
      "CONFIG_INVALID",
      WORDS && "createProof: the page must be served over https or from loopback.",
    );
  }
  const { publicKey, privateKey } = await subtle.generateKey(EC, false, ["sign"]);
  const { x, y } = await subtle.exportKey("jwk", publicKey);
  // RFC 7638, section 3: only the required members, in the order of their names.
  const jwk = { crv: EC.namedCurve, kty: "EC", x, y };
  const header = encode({ typ: "dpop+jwt", alg: PROOF_ALGORITHM, jwk });

  return {
    keyThumbprint: await hash(JSON.stringify(jwk)),
    async authorize(request, token, nowMs = Date.now()) {
      const { origin, pathname } = new URL(request.url);
      const payload = encode({
        jti: crypto.randomUUID(),
        htm: request.method,
        htu: origin + pathname,
        iat: Math.floor(nowMs / 1000) - BACKDATE_SECONDS,
        ath: await hash(token),
      });
      const signed = new TextEncoder().encode(`${header}.${payload}`);
      const signature = base64url(await subtle.sign(SIGNATURE, privateKey, signed));
      request.headers.set("authorization", `DPoP ${token}`);
      request.headers.set("dpop", `${header}.${payload}.${signature}`);
    },
  };
}

async function hash(text: string): Promise<string> {
  return base64url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

function encode(value: object): string {
  return base64url(new TextEncoder().encode(JSON.stringify(value)));
}

function base64url(bytes: ArrayBuffer | Uint8Array): string {
  const binary = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
