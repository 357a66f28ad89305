import { expect, test } from "vitest";
import { MAIN_ENTRY, writeWorkspaces } from "../test-support/tree.ts";
import { checkBoundaries } from "./boundaries.ts";

const SHARED = { manifest: MAIN_ENTRY, files: { "src/index.ts": "export const one = 1;" } };
const USES_SHARED = { dependencies: { "@breezeway/shared": "^0.1.0" } };

/** A tree of shared and one other workspace with this main file. */
async function problemsOf(
  folder: string,
  source: string,
  manifest: object = USES_SHARED,
): Promise<string[]> {
  const root = await writeWorkspaces(
    {
      shared: SHARED,
      issuer: { manifest: MAIN_ENTRY, files: { "src/index.ts": "export const sign = 1;" } },
      [folder]: { manifest: { ...MAIN_ENTRY, ...manifest }, files: { "src/main.ts": source } },
    },
    ["zod", "lit"],
  );
  return checkBoundaries(root);
}

test("accepts a declared import of an allowed layer's public entry", async () => {
  const source = `import { one } from "@breezeway/shared"; export const two = one + 1;`;
  expect(await problemsOf("guest", source)).toEqual([]);
});

test("refuses a layer that is not allowed, even for a type only", async () => {
  const source = `import type { sign } from "@breezeway/issuer"; export type Sign = typeof sign;`;
  const problems = await problemsOf("gateway", source, {
    dependencies: { "@breezeway/issuer": "^0.1.0" },
  });
  expect(problems).toEqual([
    "gateway/src/main.ts → issuer/src/index.ts: gateway may import shared and verify.",
  ]);
});

test("refuses shared importing any other workspace", async () => {
  const problems = await checkBoundaries(
    await writeWorkspaces({
      guest: { manifest: MAIN_ENTRY, files: { "src/index.ts": "export const one = 1;" } },
      shared: {
        manifest: { dependencies: { "@breezeway/guest": "^0.1.0" } },
        files: { "src/index.ts": `export * from "@breezeway/guest";` },
      },
    }),
  );
  expect(problems).toEqual([
    "shared/src/index.ts → guest/src/index.ts: shared may import no other workspace.",
  ]);
});

test.for([
  ["a path that the package does not export", `export * from "@breezeway/shared/src/index.ts";`],
  ["a relative path into another workspace", `export * from "../../shared/src/index.ts";`],
  ["a file that is not there", `export * from "./nowhere.ts";`],
  ["a package that is not installed", `export * from "no-such-package-at-all";`],
])("refuses %s", async ([, source]) => {
  const problems = await problemsOf("demo", source ?? "");
  expect(problems.length).toBeGreaterThan(0);
  expect(problems[0]).toContain("demo/src/main.ts →");
});

test("refuses a workspace that is hoisted and not declared", async () => {
  const problems = await problemsOf("guest", `export * from "@breezeway/shared";`, {});
  expect(problems).toEqual([
    "guest/src/main.ts → @breezeway/shared: not in the dependencies or peerDependencies of @breezeway/guest",
  ]);
});

test("refuses a hoisted package that is not declared, even behind a dynamic import", async () => {
  const source = `export const load = () => import("zod/mini");`;
  expect(await problemsOf("guest", source)).toEqual([
    "guest/src/main.ts → zod: not in the dependencies or peerDependencies of @breezeway/guest",
  ]);
});

test("refuses a development dependency in a shipped source, and allows it in a test", async () => {
  const manifest = { ...USES_SHARED, devDependencies: { zod: "^4.0.0" } };
  const files = { "src/schema.ts": `export * from "zod";`, "src/schema.test.ts": `import "zod";` };
  const root = await writeWorkspaces({ shared: SHARED, guest: { manifest, files } }, ["zod"]);
  expect(await checkBoundaries(root)).toEqual([
    "guest/src/schema.ts → zod: not in the dependencies or peerDependencies of @breezeway/guest",
  ]);
});

test("sees packages whose files stand in a folder called dist", async () => {
  const root = await writeWorkspaces(
    { shared: SHARED, host: { manifest: {}, files: { "src/a.ts": `export * from "penpal";` } } },
    ["penpal"],
  );
  expect(await checkBoundaries(root)).toHaveLength(1);
});

test("refuses a cycle, even one that only a type closes", async () => {
  const a = `import { b } from "./b.ts"; export const a = () => b; export type A = 1;`;
  const problemsWith = async (b: string): Promise<string[]> => {
    const files = { "src/a.ts": a, "src/b.ts": b };
    return checkBoundaries(
      await writeWorkspaces({ shared: SHARED, verify: { manifest: {}, files } }),
    );
  };
  for (const b of [
    `import { a } from "./a.ts"; export const b = () => a;`,
    `import type { A } from "./a.ts"; export const b: A = 1;`,
  ]) {
    const problems = await problemsWith(b);
    expect(problems[0]).toContain("Two files that import each other");
  }
});

test("refuses tests and their support in shipped sources", async () => {
  const files = {
    "src/a.ts": `export * from "../test-support/fake.ts";`,
    "test-support/fake.ts": "export const fake = 1;",
  };
  const problems = await checkBoundaries(
    await writeWorkspaces({ shared: SHARED, verify: { manifest: {}, files } }),
  );
  expect(problems).toEqual([
    "verify/src/a.ts → verify/test-support/fake.ts: Shipped sources must not import tests or their support.",
  ]);
});

test("lets tests import the workspace for tests, and refuses it in sources and by a relative path", async () => {
  const files = {
    "src/a.test.ts": `import "@breezeway/test-support/fake";`,
    "src/b.test.ts": `import "../../test-support/fake.ts";`,
    "src/c.ts": `import "@breezeway/test-support/fake";`,
  };
  const support = {
    manifest: { private: true, exports: { "./fake": "./fake.ts" } },
    files: { "fake.ts": "export {};" },
  };
  const root = await writeWorkspaces({
    shared: SHARED,
    "test-support": support,
    demo: {
      manifest: { private: true, devDependencies: { "@breezeway/test-support": "*" } },
      files,
    },
  });
  expect((await checkBoundaries(root)).toSorted()).toEqual([
    "demo/src/b.test.ts → test-support/fake.ts: Another workspace is imported by its package name, never by a relative path.",
    "demo/src/c.ts → test-support/fake.ts: Only tests, e2e, bench and chaos import what tests share.",
  ]);
});

test("refuses Node's own modules in packages that run without Node", async () => {
  expect(await problemsOf("guest", `export * from "node:crypto";`)).toEqual([
    "guest/src/main.ts → crypto: shared, guest, host, client and console run where Node's modules do not exist.",
  ]);
});

test("lets servers on Node use what they have in common, and no other part", async () => {
  const shared = {
    manifest: { exports: { "./node": "./src/node.ts" } },
    files: { "src/node.ts": `export * from "node:http";` },
  };
  const source = `export * from "@breezeway/shared/node";`;
  const issuer = {
    manifest: USES_SHARED,
    files: { "src/node/serve.ts": source, "src/http/route.ts": source },
  };
  const root = await writeWorkspaces({ shared, issuer });
  expect(await checkBoundaries(root)).toEqual([
    "issuer/src/http/route.ts → shared/src/node.ts: Only the servers on Node use what they have in common.",
  ]);
});

test("walks files with using declarations", async () => {
  const source = `export async function f(x: Disposable) { using y = x; await import("zod"); return y; }`;
  expect(await problemsOf("verify", source)).toHaveLength(1);
});
