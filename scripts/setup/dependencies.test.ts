import { expect, test } from "vitest";
import { excerpt, firstDifference } from "./dependencies.mjs";

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
