/** The bearer secrets of gateways and verifiers: `revocations.secrets`. */
import { createHash, timingSafeEqual } from "node:crypto";
import { BridgeError } from "@breezeway/shared";

/**
 * Checks the secret of a reader. Without secrets, anybody may read.
 *
 * The check throws TOKEN_MISSING and TOKEN_MALFORMED.
 */
export function createReaderCheck(secrets: readonly string[]): (headers: Headers) => void {
  const hashes = secrets.map(sha256);
  return (headers) => {
    if (hashes.length === 0) return;
    const [, secret] = /^Bearer ([\x21-\x7e]+)$/i.exec(headers.get("authorization") ?? "") ?? [];
    if (secret === undefined) {
      throw new BridgeError(
        "TOKEN_MISSING",
        "The feed needs the header Authorization: Bearer with one of its secrets.",
      );
    }
    const presented = sha256(secret);
    if (!hashes.some((hash) => timingSafeEqual(hash, presented))) {
      throw new BridgeError(
        "TOKEN_MALFORMED",
        "The bearer secret matches none of revocations.secrets.",
      );
    }
  };
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
