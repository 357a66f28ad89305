/**
 * Compares minting and refreshing with bare signing in the same run: `npm run issuer -w bench`.
 *
 * `BREEZEWAY_BENCH_POSTGRES=postgres://…` adds the Postgres store, on an empty database.
 */
import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createIssuer, sqliteStore, type Issuer, type Store } from "@breezeway/issuer";
import { postgresStore } from "@breezeway/issuer/postgres";
import { SignJWT } from "jose";
import { report } from "../figures.ts";
import { compare, ratio, table, type Contender } from "../rounds.ts";

const ISSUER = "http://localhost:4000/auth";
const SESSIONS = 1_000;
/** The number of concurrent requests to stores that answer over a socket. */
const IN_FLIGHT = 64;

interface Subject {
  readonly name: string;
  readonly issuer: Issuer;
  readonly handles: readonly string[];
  readonly cookies: string[];
}

async function open(name: string, store: Store): Promise<Subject> {
  const issuer = createIssuer({
    issuer: ISSUER,
    apps: [
      {
        id: "orders",
        name: "Orders",
        version: "1.0.0",
        url: "https://orders.example",
        scopes: ["orders:read", "orders:write"],
      },
    ],
    store,
    rateLimits: false,
  });
  const handles: string[] = [];
  const cookies: string[] = [];
  for (let n = 0; n < SESSIONS; n += 1) {
    const { session, setCookie } = await issuer.sessions.create({
      userId: `user-${n}`,
      tenantId: "acme",
      scopes: ["orders:read"],
    });
    handles.push(session.handle);
    cookies.push(setCookie.split(";", 1)[0] ?? "");
  }
  return { name, issuer, handles, cookies };
}

/** Runs numbered operations, some of them concurrently. */
function each(inFlight: number, operation: (n: number) => Promise<unknown>): Contender["run"] {
  let next = 0;
  return async (count) => {
    for (let left = count; left > 0; left -= inFlight) {
      const batch = Math.min(left, inFlight);
      if (batch === 1) await operation(next++ % SESSIONS);
      else await Promise.all(Array.from({ length: batch }, () => operation(next++ % SESSIONS)));
    }
  };
}

function post(path: string, cookie: string, body?: string): Request {
  return new Request(ISSUER + path, {
    method: "POST",
    headers: {
      cookie,
      "x-breezeway-request": "1",
      ...(body === undefined
        ? {}
        : { "content-type": "application/json", "content-length": String(body.length) }),
    },
    ...(body === undefined ? {} : { body }),
  });
}

const mint = ({ name, issuer, handles }: Subject): Contender => ({
  name: `Breezeway mintToken, ${name}`,
  run: each(1, (n) => issuer.sessions.mintToken(handles[n] ?? "", "orders")),
});

const mintOverHttp = ({ name, issuer, cookies }: Subject): Contender => {
  let requests: Request[] = [];
  return {
    name: `Breezeway POST /session/token, Request to Response, ${name}`,
    prepare: (count) => {
      requests = Array.from({ length: count }, (_, n) =>
        post("/session/token", cookies[n % SESSIONS] ?? "", '{"appId":"orders"}'),
      );
    },
    run: async () => {
      for (const request of requests) {
        const response = await issuer.fetch(request);
        if (!response.ok) throw new Error(`${response.status}`);
      }
    },
  };
};

const refresh = ({ name, issuer, cookies }: Subject, inFlight: number): Contender => ({
  name: `${name}, ${inFlight} at once`,
  run: each(inFlight, async (n) => {
    const response = await issuer.fetch(post("/session/refresh", cookies[n] ?? ""));
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    cookies[n] = response.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
  }),
});

const { privateKey } = generateKeyPairSync("ed25519");
const claims = {
  iss: ISSUER,
  aud: "orders",
  azp: "https://orders.example",
  sub: "user-1",
  userId: "user-1",
  tenantId: "acme",
  sid: "AAAAAAAAAAAAAAAAAAAAAA",
  jti: "00000000-0000-0000-0000-000000000000",
  iat: 1_800_000_000,
  nbf: 1_800_000_000,
  exp: 1_800_000_060,
  scope: "orders:read",
};
const header = { alg: "EdDSA", typ: "JWT", kid: "A".repeat(43) };
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const input = Buffer.from(`${encode(header)}.${encode(claims)}`);
const bare: Contender = {
  name: "node:crypto, the signature alone",
  run: (count) => {
    for (let n = 0; n < count; n += 1) sign(null, input, privateKey);
  },
};
const jose: Contender = {
  name: "jose SignJWT",
  run: each(1, () => new SignJWT(claims).setProtectedHeader(header).sign(privateKey)),
};

const folder = mkdtempSync(join(tmpdir(), "issuer-bench-"));
const sqlite = (durability: "full" | "normal"): Store =>
  sqliteStore({ file: join(folder, `${durability}.sqlite`), durability });
const full = await open("SQLite", sqlite("full"));
const normal = await open("SQLite, durability normal", sqlite("normal"));
const connectionString = process.env["BREEZEWAY_BENCH_POSTGRES"];
const postgres =
  connectionString === undefined
    ? []
    : [await open("Postgres", postgresStore({ connectionString }))];

const minted = await compare([bare, mint(full), ...postgres.map(mint), mintOverHttp(full), jose]);
report({
  id: "issuer/mint",
  what: "`mintToken` ÷ its signature",
  value: ratio(minted, mint(full).name, bare.name),
  unit: "",
});
report({
  id: "issuer/http",
  what: "`POST /session/token`, Request to Response ÷ its signature",
  value: ratio(minted, mintOverHttp(full).name, bare.name),
  unit: "",
  goal: { atLeast: 0.6 },
});

const out = [
  `Node ${process.version}, ${cpus()[0]?.model ?? "unknown CPU"}, ${SESSIONS} sessions`,
  "",
  table("Mint", minted),
  table(
    "Refresh, Request to Response",
    await compare(
      [
        refresh(full, 1),
        refresh(full, IN_FLIGHT),
        refresh(normal, IN_FLIGHT),
        ...postgres.map((subject) => refresh(subject, IN_FLIGHT)),
      ],
      { rounds: 6, clock: "wall" },
    ),
    "per second",
  ),
];
process.stdout.write(`${out.join("\n")}\n`);
await Promise.all([full, normal, ...postgres].map(({ issuer }) => issuer.close()));
rmSync(folder, { recursive: true });
