import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { expect, test } from "vitest";
import { run } from "./setup/process.mjs";
import { ROOT } from "./suite/root.ts";

const RUN = join(ROOT, "scripts/run.mjs");

test("an unknown command names the known ones and exits with 2", async () => {
  const { code, output } = await run(process.execPath, [RUN, "toString"]);
  expect(code).toBe(2);
  expect(output).toContain("start | check | build | e2e | test");
});

test("a wrong CHROMIUM_PATH is said in one line, without a stack, from any folder", async () => {
  const { code, output } = await run(process.execPath, [RUN, "e2e"], {
    cwd: tmpdir(),
    env: { ...process.env, CHROMIUM_PATH: "/no/chromium" },
  });
  expect(output).toBe(
    "breezeway: CHROMIUM_PATH is /no/chromium, and no Chromium starts from there.\n",
  );
  expect(code).toBe(1);
});
