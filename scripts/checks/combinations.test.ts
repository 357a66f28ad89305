/** The guides name the combinations that the check runs, and show their files. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../suite/root.ts";
import { publicPackages } from "../packages/public-packages.ts";
import { COMBINATIONS, OLDEST_NODE } from "./combinations.ts";

const guide = (name: string): Promise<string> => readFile(join(ROOT, "docs/guides", name), "utf8");

const byName = (names: readonly string[]): string[] =>
  names.toSorted((a, b) => a.localeCompare(b, "en"));

test("the page of bundlers lists every combination that the check runs, and no other", async () => {
  const [table = ""] = (await guide("bundlers.md")).split("## Versions of Node");
  const rows = [...table.matchAll(/^\| (\S.*?)\s+\|.*\|$/gmu)].map(([, name = ""]) => name);
  expect(byName(rows.slice(2))).toEqual(byName(COMBINATIONS.map(({ name }) => name)));
});

test("the page of bundlers states the versions of Node of every package", async () => {
  const page = await guide("bundlers.md");
  const rows = [...page.matchAll(/^\| (`.*?)\s+\| `(>=[\d.]+)`/gmu)];
  const stated = rows.flatMap(([, names = "", engine]) =>
    [...names.matchAll(/`(\w+)`/gu)].map(([, name]) => `${name} ${engine}`),
  );
  const packages = (await publicPackages()).map(
    ({ name, manifest }) =>
      `${name.replace("@breezeway/", "")} ${(manifest["engines"] as { node: string }).node}`,
  );
  expect(byName(stated)).toEqual(byName(packages));
  expect(page).toContain(`Node ${OLDEST_NODE.replace(/\.0$/u, "")} is the first`);
});

test("the page of hosts in frameworks shows the files that the check compiles", async () => {
  const page = await guide("host-frameworks.md");
  const blocks = page.matchAll(/<!-- from (\S+) -->\s+```\w+[^\n]*\n(.*?)```/gsu);
  const shown = await Promise.all(
    [...blocks].map(async ([, file = "", code]) => {
      expect(code, file).toBe(await readFile(join(ROOT, file), "utf8"));
      return file.split("/").at(-1);
    }),
  );
  expect(shown).toEqual([
    "host.ts",
    "customer-page.tsx",
    "CustomerPage.vue",
    "CustomerPage.svelte",
  ]);
});
