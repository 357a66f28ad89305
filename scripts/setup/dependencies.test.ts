import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { expect, onTestFinished, test, vi } from "vitest";
import { writeTree } from "../test-support/tree.ts";
import { ensureDependencies, excerpt, firstDifference } from "./dependencies.mjs";

const wanted = {
  packages: {
    "": {},
    guest: { version: "0.1.0" },
    "node_modules/@breezeway/guest": { link: true },
    "node_modules/jose": { version: "6.0.0", integrity: "sha512-a" },
    "node_modules/jose/node_modules/deep": { version: "1.0.0", integrity: "sha512-b" },
    "node_modules/@swc/core-darwin-arm64": { version: "1.0.0", optional: true },
  },
};
const installed = {
  packages: {
    "node_modules/@breezeway/guest": { link: true },
    "node_modules/jose": { version: "6.0.0", integrity: "sha512-a" },
    "node_modules/jose/node_modules/deep": { version: "1.0.0", integrity: "sha512-b" },
  },
};

function without(path: string): typeof installed {
  const packages = { ...installed.packages, [path]: undefined };
  return JSON.parse(JSON.stringify({ packages })) as typeof installed;
}

test("finds no difference when only another platform's build is not installed", () => {
  expect(firstDifference(wanted, installed)).toBeUndefined();
});

test("names a package that is not installed", () => {
  expect(firstDifference(wanted, without("node_modules/jose/node_modules/deep"))).toBe(
    "deep is missing",
  );
});

test("names a workspace that is not linked", () => {
  expect(firstDifference(wanted, without("node_modules/@breezeway/guest"))).toBe(
    "@breezeway/guest is missing",
  );
});

test.for([
  ["version", { version: "6.0.1", integrity: "sha512-a" }],
  ["content", { version: "6.0.0", integrity: "sha512-c" }],
] as const)("names a package whose %s differs", ([, jose]) => {
  const packages = { ...installed.packages, "node_modules/jose": jose };
  expect(firstDifference(wanted, { packages })).toBe("jose has changed");
});

test("shortens a long output to its beginning and its end", () => {
  const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`);
  const short = excerpt(["npm warn old thing", ...lines].join("\n")).split("\n");
  expect(short).toHaveLength(31);
  expect(short[0]).toBe("line 0");
  expect(short.at(-1)).toBe("line 99");
});

/** A root whose record lacks a package that its lock file has, and a stand-in for npm. */
async function rootWithFakeNpm(): Promise<{ root: string; runs: () => Promise<number> }> {
  const root = await writeTree({
    "package-lock.json": wanted,
    "node_modules/.package-lock.json": without("node_modules/jose"),
    "npm-cli.js": `require("fs").appendFileSync("runs", "x");`,
  });
  vi.stubEnv("npm_execpath", join(root, "npm-cli.js"));
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  onTestFinished(() => void vi.unstubAllEnvs());
  const runs = async () => (await readFile(join(root, "runs"), "utf8")).length;
  return { root, runs };
}

test("runs npm ci once for a lock file of which npm leaves something out", async () => {
  const { root, runs } = await rootWithFakeNpm();
  await ensureDependencies(root);
  await ensureDependencies(root);
  expect(await runs()).toBe(1);
});

test("runs npm ci again when something else has been installed since", async () => {
  const { root, runs } = await rootWithFakeNpm();
  await ensureDependencies(root);
  const record = join(root, "node_modules/.package-lock.json");
  await writeFile(record, JSON.stringify({ packages: {} }));
  await ensureDependencies(root);
  expect(await runs()).toBe(2);
});
