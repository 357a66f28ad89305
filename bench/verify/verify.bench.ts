/** Measures the verification of new and of repeated session tokens: `npm run verify -w bench`. */
import { createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { cpus } from "node:os";
import { createSessionVerifier } from "@breezeway/verify";
import { createVerifier } from "fast-jwt";
import { importJWK, jwtVerify } from "jose";
import jsonwebtoken from "jsonwebtoken";
import { report } from "../figures.ts";
import { compare, ratio, table, type Contender } from "../rounds.ts";

const ISSUER = "https://shell.example/auth";
const TOKENS = 1_000;

const ed25519 = generateKeyPairSync("ed25519");
const jwk = {
  ...ed25519.publicKey.export({ format: "jwk" }),
  kty: "OKP",
  kid: "key-1",
  alg: "EdDSA",
};
const publicKey = createPublicKey({ key: jwk, format: "jwk" });
const publicPem = publicKey.export({ format: "pem", type: "spki" }).toString();
const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" });

const nowSeconds = Math.floor(Date.now() / 1_000);
const claimsOf = (n: number): object => ({
  iss: ISSUER,
  aud: "orders",
  azp: "https://orders.example",
  sub: `user-${n}`,
  userId: `user-${n}`,
  tenantId: "acme",
  sid: `session-${n}`,
  jti: `token-${n}`,
  iat: nowSeconds,
  nbf: nowSeconds,
  exp: nowSeconds + 300,
  scope: "orders:read orders:write",
});
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const tokens = Array.from({ length: TOKENS }, (_, n) => {
  const input = `${encode({ alg: "EdDSA", typ: "JWT", kid: "key-1" })}.${encode(claimsOf(n))}`;
  return `${input}.${sign(null, Buffer.from(input), ed25519.privateKey).toString("base64url")}`;
});
const es256Tokens = Array.from({ length: TOKENS }, (_, n) =>
  jsonwebtoken.sign(claimsOf(n), p256.privateKey, { algorithm: "ES256", keyid: "key-1" }),
);

/** Calls `use` with one token after the other, and starts again after the last one. */
function each(list: readonly string[], use: (token: string) => unknown): Contender["run"] {
  let next = 0;
  return (count) => {
    for (let n = 0; n < count; n += 1) {
      use(list[next] ?? "");
      next = (next + 1) % list.length;
    }
  };
}

function eachAsync(use: (token: string) => Promise<unknown>): Contender["run"] {
  let next = 0;
  return async (count) => {
    for (let n = 0; n < count; n += 1) {
      await use(tokens[next] ?? "");
      next = (next + 1) % TOKENS;
    }
  };
}

const common = { issuer: ISSUER, audience: "orders", jwks: { keys: [jwk] } } as const;
// A cache of one entry: each token of the round is new to it, and the time to cache the token
// counts, too.
const forgetful = createSessionVerifier({ ...common, cache: { maxEntries: 1 } });
const verifier = createSessionVerifier(common);
for (const token of tokens) verifier.verifySync(token);

const joseKey = await importJWK(jwk, "EdDSA");
const fastJwtOptions = {
  key: publicPem,
  algorithms: ["EdDSA" as const],
  allowedIss: ISSUER,
  allowedAud: "orders",
};
const fastJwt = createVerifier({ ...fastJwtOptions, cache: false });
const fastJwtCached = createVerifier({ ...fastJwtOptions, cache: 10_000 });

const bare = each(tokens, (token) => {
  const dot = token.lastIndexOf(".");
  const signature = Buffer.from(token.slice(dot + 1), "base64url");
  if (!verify(null, Buffer.from(token.slice(0, dot)), publicKey, signature)) throw new Error("bad");
});

const [SIGNATURE, BREEZEWAY] = ["node:crypto, signature alone", "Breezeway verifySync"];
const firstSight: readonly Contender[] = [
  { name: SIGNATURE, run: bare },
  { name: BREEZEWAY, run: each(tokens, (token) => forgetful.verifySync(token)) },
  { name: "Breezeway verify", run: eachAsync((token) => forgetful.verify(token)) },
  { name: "fast-jwt", run: each(tokens, (token) => fastJwt(token) as unknown) },
  {
    name: "jose",
    run: eachAsync((token) => jwtVerify(token, joseKey, { issuer: ISSUER, audience: "orders" })),
  },
  {
    name: "jsonwebtoken (ES256: it has no EdDSA)",
    run: each(es256Tokens, (token) =>
      jsonwebtoken.verify(token, p256.publicKey, { issuer: ISSUER, audience: "orders" }),
    ),
  },
];

const map = new Map(tokens.map((token) => [token, { token }]));
// A server gets each header as a new string, whose hash is not known yet.
const bytes = tokens.map((token) => Buffer.from(token));
const copies = (use: (token: string) => unknown): Contender["run"] => {
  let next = 0;
  return (count) => {
    for (let n = 0; n < count; n += 1) {
      use(bytes[next]?.toString("latin1") ?? "");
      next = (next + 1) % TOKENS;
    }
  };
};
const contendersFor = (
  run: (use: (token: string) => unknown) => Contender["run"],
): readonly Contender[] => [
  { name: "Map by token", run: run((token) => map.get(token)) },
  { name: "Breezeway verifyCached", run: run((token) => verifier.verifyCached(token)) },
  {
    name: "Breezeway verifyCached with origin and scopes",
    run: run((token) =>
      verifier.verifyCached(token, {
        origin: "https://orders.example",
        scopes: ["orders:read"],
      }),
    ),
  },
  { name: "fast-jwt, its cache", run: run((token) => fastJwtCached(token) as unknown) },
];

const verified = await compare(firstSight);
report({
  id: "verify/first",
  what: "verify a new token ÷ its signature in node:crypto",
  value: ratio(verified, BREEZEWAY, SIGNATURE),
  unit: "",
  goal: { atLeast: 0.97 },
});

const out: string[] = [
  `Node ${process.version}, ${cpus()[0]?.model ?? "unknown CPU"}, ${TOKENS} tokens of ${tokens[0]?.length} bytes`,
  "",
  table("Verify a new token", verified),
  table("Verify a repeated token, new string each time", await compare(contendersFor(copies))),
  table(
    "Verify a repeated token, same string",
    await compare(contendersFor((use) => each(tokens, use))),
  ),
];
process.stdout.write(`${out.join("\n")}\n`);
