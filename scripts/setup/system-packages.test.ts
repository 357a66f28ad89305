import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { ensureDebianPackages, parseList } from "./system-packages.mjs";

test("the list of this repository gives a reason for each package", async () => {
  const text = await readFile(new URL("../system-packages.json", import.meta.url), "utf8");
  for (const { why } of parseList(text)) expect(why).not.toBe("");
});

test.for([`{ "no name": "why" }`, `{ "nginx": {} }`, `{ "--reinstall": "why" }`])(
  "refuses %s",
  (text) => {
    expect(() => parseList(text)).toThrow("system-packages.json");
  },
);

test("installs nothing when the package's program is found", async () => {
  const packages = [{ name: "no-such-package", why: "a test", command: "node" }];
  expect(await ensureDebianPackages(packages)).toEqual([]);
});
