import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { main } from "./main.ts";

it("--version prints the version of the package", async () => {
  const lines: string[] = [];
  const print = (text: string): void => void lines.push(text);
  const manifest: unknown = JSON.parse(
    readFileSync(new URL("../package.json", import.meta.url), "utf8"),
  );
  const code = await main(["--version"], {
    out: print,
    err: print,
    stdin: async () => "",
    untilStopped: async () => {},
    env: {},
  });
  expect(code).toBe(0);
  expect(manifest).toMatchObject({ version: lines.join() });
});
