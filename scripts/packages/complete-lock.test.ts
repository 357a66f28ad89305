import { expect, test } from "vitest";
import { lockEntryOf, missingBuilds, readLock } from "./complete-lock.ts";

test("the lock file lists the builds for every platform (npm run lock adds them)", async () => {
  expect(missingBuilds(await readLock())).toEqual([]);
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
