// Writes the issuer's newest ES256 key as PEM, for reverse proxies that do not read JWKS:
// node jwks-to-pem.mjs https://shell.example/auth/.well-known/jwks.json >
// /etc/haproxy/breezeway.pem
import { createPublicKey } from "node:crypto";

const [url] = process.argv.slice(2);
const response = await fetch(url, { redirect: "error" });
const { keys } = await response.json();
const key = keys.findLast(
  ({ alg, kty, crv }) => alg === "ES256" && kty === "EC" && crv === "P-256",
);
if (key === undefined) {
  process.stderr.write(
    "The key set has no ES256 key: enable ES256 for this audience at the issuer.\n",
  );
  process.exit(1);
}
const publicKey = createPublicKey({ key, format: "jwk" });
process.stdout.write(publicKey.export({ format: "pem", type: "spki" }));
