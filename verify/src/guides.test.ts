/** The guides show only the code of the examples, which the conformance table runs. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const BLOCK = /<!-- from (?<file>\S+) -->\s+```\w+[^\n]*\n(?<code>.*?)```/gsu;
const examples = readdirSync(join(ROOT, "verify/examples"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => `verify/examples/${file.replaceAll("\\", "/")}`)
  // The Next.js guide shows the guarded routes; only the conformance table uses the open one.
  .filter((file) => file !== "verify/examples/next/app/route.ts");

const shown = readdirSync(join(ROOT, "docs/guides"))
  .filter((file) => /^(?:verify-.*|app-lifecycle)\.md$/.test(file))
  .flatMap((guide) => {
    const text = readFileSync(join(ROOT, "docs/guides", guide), "utf8");
    return [...text.matchAll(BLOCK)].map(({ groups }) => ({
      guide,
      file: groups?.["file"] ?? "",
      code: groups?.["code"] ?? "",
    }));
  })
  .filter(({ file }) => file.startsWith("verify/examples/"));

describe("the guides", () => {
  it("show every example file", () => {
    expect(shown.map(({ file }) => file).toSorted()).toEqual(examples.toSorted());
  });

  it.each(shown)("$guide shows $file unchanged", ({ file, code }) => {
    expect(code).toBe(readFileSync(join(ROOT, file), "utf8"));
  });
});
