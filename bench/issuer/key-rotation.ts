/**
 * Mints and verifies for 60 seconds through two key rotations, and exits with 1 on a single
 * failure:
 * `npm run issuer:rotation -w bench`.
 *
 * The issuer's and the verifier's clocks run 30 times as fast, so that the ten minutes for which a
 * new key is published ahead, and the five for which a verifier keeps the keys, pass within the
 * minute. Everything else is real: sockets, stores, signatures, the verifier's own key cache.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { sqliteStore } from "@breezeway/issuer";
import { serveIssuer } from "@breezeway/issuer/node";
import { createIssuerForTesting } from "@breezeway/issuer/testing";
import { systemClock, type Clock } from "@breezeway/shared";
import { createSessionVerifierForTesting } from "@breezeway/verify/testing";
import { report } from "../figures.ts";

const ISSUER = "http://127.0.0.1:4000/auth";
const DURATION_MS = Number(process.env["BREEZEWAY_BENCH_MS"] ?? 60_000);
const SPEED = (30 * 60_000) / DURATION_MS;
const WORKERS = 8;

const startedAt = Date.now();
const clock: Clock = {
  ...systemClock(),
  now: () => startedAt + (Date.now() - startedAt) * SPEED,
};

const folder = mkdtempSync(join(tmpdir(), "issuer-rotation-"));
const issuer = createIssuerForTesting(
  {
    issuer: ISSUER,
    apps: [{ id: "orders", name: "Orders", version: "1.0.0", url: "https://orders.example" }],
    store: sqliteStore({ file: join(folder, "issuer.sqlite") }),
    tokenTtlSeconds: 300,
    rateLimits: false,
  },
  { clock },
);
const server = await serveIssuer(issuer, { port: 0 });
const jwks = `${server.url}/auth/.well-known/jwks.json`;
const verifier = createSessionVerifierForTesting(
  { issuer: ISSUER, audience: "orders", jwks, cache: false },
  { clock },
);
const { setCookie } = await issuer.sessions.create({ userId: "alice", tenantId: "acme" });
const cookie = setCookie.split(";", 1)[0] ?? "";

let verified = 0;
const failures = new Map<string, number>();
const kids = new Set<string>();

async function work(): Promise<void> {
  while (Date.now() - startedAt < DURATION_MS) {
    try {
      const response = await fetch(`${server.url}/auth/session/token`, {
        method: "POST",
        headers: { cookie, "content-type": "application/json", "x-breezeway-request": "1" },
        body: '{"appId":"orders"}',
      });
      const { token } = (await response.json()) as { token: string };
      await verifier.verify(token);
      const [header = ""] = token.split(".", 1);
      kids.add((JSON.parse(Buffer.from(header, "base64url").toString()) as { kid: string }).kid);
      verified += 1;
    } catch (error) {
      const reason = error instanceof Error ? error.message : "unknown";
      failures.set(reason, (failures.get(reason) ?? 0) + 1);
    }
  }
}

async function rotate(): Promise<void> {
  for (const part of [0.05, 0.45]) {
    await sleep(Math.max(0, startedAt + part * DURATION_MS - Date.now()));
    await issuer.keys.rotate();
  }
}

await Promise.all([rotate(), ...Array.from({ length: WORKERS }, () => work())]);
await issuer.close();
await server.close();
rmSync(folder, { recursive: true });
const failed = [...failures.values()].reduce((sum, count) => sum + count, 0);
process.stdout.write(
  `${verified} tokens verified in ${DURATION_MS / 1_000} s with ${kids.size} keys, ${failed} failures\n`,
);
for (const [reason, count] of failures) process.stdout.write(`  ${count} × ${reason}\n`);
report({
  id: "issuer/rotation",
  what: "tokens that fail in two key rotations",
  value: failed,
  unit: "",
  goal: { atMost: 0 },
});
process.exitCode = failed === 0 && kids.size === 3 ? 0 : 1;
