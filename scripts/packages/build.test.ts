import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeTree } from "../test-support/tree.ts";
import { removeOrphans } from "./build.ts";

test("removes compiled files whose source no longer exists, and nothing else", async () => {
  const root = await writeTree({
    "one/src/kept.ts": "",
    "one/src/element.tsx": "",
    "one/dist/kept.js": "",
    "one/dist/kept.d.ts": "",
    "one/dist/kept.d.ts.map": "",
    "one/dist/element.js": "",
    "one/dist/gone.js": "",
    "one/dist/gone.js.map": "",
    "one/dist/gone.d.ts": "",
  });
  await removeOrphans(root, "one");
  expect((await readdir(join(root, "one/dist"))).toSorted()).toEqual([
    "element.js",
    "kept.d.ts",
    "kept.d.ts.map",
    "kept.js",
  ]);
});
