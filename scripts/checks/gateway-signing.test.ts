import { expect, test } from "vitest";
import { MAIN_ENTRY, writeWorkspaces } from "../test-support/tree.ts";
import { checkGatewaySigning, signingNames } from "./gateway-signing.ts";

async function problemsOf(source: string): Promise<string[]> {
  const root = await writeWorkspaces(
    { gateway: { manifest: MAIN_ENTRY, files: { "src/index.ts": source } } },
    ["jose", "pg", "redis"],
  );
  return checkGatewaySigning(root);
}

test("refuses jose's signing classes, wherever they come from", async () => {
  const problems = await problemsOf(
    `import { SignJWT } from "jose"; export const mint = () => new SignJWT({});`,
  );
  expect(problems).toContain("the gateway's bundle uses SignJWT");
  expect(problems.some((problem) => problem.includes("node_modules/jose/"))).toBe(true);
});

test("accepts jose's verification", async () => {
  expect(
    await problemsOf(`import { base64url } from "jose"; export const read = base64url.decode;`),
  ).toEqual([]);
});

test("does not look into the clients of stores, which the operator installs", async () => {
  expect(
    await problemsOf(
      `export const open = async () => [await import("pg"), await import("redis")];`,
    ),
  ).toEqual([]);
});

test.for([
  [`import { sign } from "node:crypto"; sign(null, data, key);`, ["sign"]],
  [`import { sign as s } from "crypto"; s(null, data, key);`, ["sign"]],
  [`import crypto from "node:crypto"; crypto.sign(null, data, key);`, ["sign"]],
  [`crypto.subtle.sign("Ed25519", key, data);`, ["sign"]],
  [`crypto["createPrivateKey"](pem);`, ["createPrivateKey"]],
  [
    `import { generateKeyPairSync } from "node:crypto"; f(generateKeyPairSync);`,
    ["generateKeyPairSync"],
  ],
  [`Math.sign(-1);`, []],
  [`crypto.verify(null, data, key, signature);`, []],
] as const)("reads %s", async ([program, names]) => {
  expect(await signingNames(program)).toEqual(names);
});
