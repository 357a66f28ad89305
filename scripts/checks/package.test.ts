import { expect, test } from "vitest";
import { MAIN_ENTRY, writeWorkspaces, type Tree } from "../test-support/tree.ts";
import { checkPackage, contentProblems, manifestProblems } from "./package.ts";

const GOOD = {
  version: "1.0.0",
  description: "A package that has everything it needs.",
  license: "MIT",
  keywords: ["example"],
  engines: { node: ">=20" },
  repository: { type: "git", url: "git+https://git.example/one.git", directory: "one" },
  type: "module",
  scripts: { prepack: "node ../scripts/run.mjs build --no-pack" },
  sideEffects: false,
  files: ["dist"],
  main: "./dist/index.js",
  types: "./dist/index.d.ts",
  exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } },
};
const FILES: Tree = {
  LICENSE: "MIT",
  "README.md": "# One",
  "dist/index.js": "export const one = 1;\n",
  "dist/index.d.ts": "export declare const one = 1;\n",
};

async function problemsOf(manifest: object, files: Tree = FILES): Promise<string> {
  const root = await writeWorkspaces({ one: { manifest, files } });
  return (await checkPackage(root, "one")).join("\n");
}

test("accepts a package that has everything", async () => {
  expect(await problemsOf(GOOD)).toBe("");
});

test("refuses a package whose types are missing", async () => {
  const { "dist/index.d.ts": _, ...files } = FILES;
  const problems = await problemsOf(GOOD, files);
  expect(problems).toContain("exports ./dist/index.d.ts and does not ship it");
  expect(problems).toContain("publint refuses");
});

test("refuses types that do not resolve for a user", async () => {
  const files = { ...FILES, "dist/index.d.ts": `export * from "./other";\n` };
  expect(await problemsOf(GOOD, files)).toContain("attw refuses");
});

test("refuses a package about which publint only warns", async () => {
  const exports = { ".": { default: "./dist/index.js", types: "./dist/index.d.ts" } };
  expect(await problemsOf({ ...GOOD, exports })).toContain("publint refuses");
});

test("refuses tests in a tarball, and a tarball without licence", () => {
  const files = ["README.md", "dist/index.js", "src/a.test.ts", "src/test-support/fake.ts"];
  expect(contentProblems({ name: "one", ...MAIN_ENTRY, exports: {} }, files)).toEqual([
    "one ships src/a.test.ts",
    "one ships src/test-support/fake.ts",
    "one ships no LICENSE",
  ]);
});

test("names the fields that a registry's page needs", () => {
  expect(manifestProblems({ ...GOOD, name: "one" }, "one")).toEqual([]);
  expect(manifestProblems({ ...GOOD, name: "one", keywords: [] }, "two")).toEqual([
    "two/package.json: keywords is missing or wrong",
    "two/package.json: repository is missing or wrong",
  ]);
  expect(manifestProblems({ ...GOOD, name: "one", scripts: {} }, "one")).toEqual([
    "one/package.json: scripts is missing or wrong",
  ]);
});
