import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");

const BLOCK = /<!-- golden: (?<file>[a-z]+)\/(?<name>[a-z-]+) -->\s+```json\n(?<json>[^`]+)```/g;

it("shows every golden message in docs/protocol.md, as it is in the file", () => {
  const shown = new Map(
    [...read("docs/protocol.md").matchAll(BLOCK)].map(({ groups }) => [
      `${groups?.["file"]}/${groups?.["name"]}`,
      JSON.parse(groups?.["json"] ?? "") as unknown,
    ]),
  );
  const golden = new Map(
    ["handshake", "messages"].flatMap((file) =>
      Object.entries(JSON.parse(read(`shared/golden/${file}.json`)) as object).map(
        ([name, message]) => [`${file}/${name}`, message as unknown] as const,
      ),
    ),
  );
  expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(golden));
});
