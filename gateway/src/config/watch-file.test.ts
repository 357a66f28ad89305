import { mkdirSync, mkdtempDisposableSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { watchConfigFile } from "./watch-file.ts";

it("notices a change when the file links into a folder that is replaced", async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), "watch-"));
  const at = (name: string): string => join(folder.path, name);
  for (const version of ["..1", "..2"]) {
    mkdirSync(at(version));
    writeFileSync(at(`${version}/gateway.json`), version);
  }
  symlinkSync("..1", at("..data"));
  symlinkSync("..data/gateway.json", at("gateway.json"));
  let reloads = 0;
  using _watch = watchConfigFile(at("gateway.json"), {
    reload: () => (reloads += 1),
    onError: () => undefined,
  });
  symlinkSync("..2", at("..data.new"));
  renameSync(at("..data.new"), at("..data"));
  await expect.poll(() => reloads).toBe(1);
});
