/** Tokens for the contenders, with the key that verifies them. */
import { claimsNow, createSigner, ISSUER, type PublicJwk } from "@breezeway/test-support/signer";

export { ISSUER };

export interface TokenSource {
  readonly jwk: PublicJwk;
  next(): string;
}

export function createTokenSource(): TokenSource {
  const signer = createSigner("bench-1");
  let count = 0;
  return {
    jwk: signer.publicJwk,
    next: () => {
      count += 1;
      const user = `user-${count}`;
      const ids = { sub: user, userId: user, sid: `session-${count}`, jti: `token-${count}` };
      const claims = claimsNow(ids);
      return signer.sign({ ...claims, exp: Number(claims["iat"]) + 300 });
    },
  };
}
