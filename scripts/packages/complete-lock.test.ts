import { expect, test } from "vitest";
import { lockEntryOf, missingBuilds, readLock, withoutIntegrity } from "./complete-lock.ts";

test("the lock file lists the builds for every platform (npm run lock adds them)", async () => {
  expect(missingBuilds(await readLock())).toEqual([]);
});

test("the lock file pins every package by its hash (npm run lock adds them)", async () => {
  expect(withoutIntegrity(await readLock())).toEqual([]);
});

test("finds packages that are not pinned by a SHA-512 hash", () => {
  const integrity = `sha512-${"A".repeat(86)}==`;
  const packages = {
    "": {},
    verify: {},
    "node_modules/@breezeway/verify": { link: true },
    "node_modules/pinned": { integrity },
    "node_modules/unpinned": {},
    "node_modules/empty": { integrity: "" },
    "node_modules/weak": { integrity: "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=" },
    "node_modules/pinned/node_modules/nested": {},
  };
  expect(withoutIntegrity({ packages })).toEqual([
    "node_modules/unpinned",
    "node_modules/empty",
    "node_modules/weak",
    "node_modules/pinned/node_modules/nested",
  ]);
});

test("finds a build that the lock file leaves out", () => {
  const packages = {
    "node_modules/tool": {
      dev: true,
      optionalDependencies: { "@tool/linux-x64": "1.2.3", "@tool/darwin-arm64": "1.2.3" },
    },
    "node_modules/@tool/linux-x64": {},
  };
  expect(missingBuilds({ packages })).toEqual([
    { name: "@tool/darwin-arm64", version: "1.2.3", dev: true },
  ]);
});

test("reads the platform from the build's name", () => {
  const build = { name: "@tool/core-linux-arm64-musl", version: "1.2.3", dev: true };
  expect(lockEntryOf(build)).toEqual({
    version: "1.2.3",
    cpu: ["arm64"],
    dev: true,
    libc: ["musl"],
    optional: true,
    os: ["linux"],
  });
});

test("refuses what is not a build for one platform, or not pinned", () => {
  expect(() => lockEntryOf({ name: "fsevents", version: "2.3.3", dev: true })).toThrow("fsevents");
  expect(() => lockEntryOf({ name: "a-linux-x64", version: "^1", dev: true })).toThrow("a-linux");
});
