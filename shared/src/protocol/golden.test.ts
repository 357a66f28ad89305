import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");

const FILES = ["windows", "handshake", "messages"];
const BLOCK = /<!-- vector: (?<file>[a-z]+)\/(?<name>[a-z\d-]+) -->\s+```json\n(?<json>[^`]+)```/g;

it("docs/protocol.md shows every message of the golden files unchanged", () => {
  const shown = new Map(
    [...read("docs/protocol.md").matchAll(BLOCK)].map(({ groups }) => [
      `${groups?.["file"]}/${groups?.["name"]}`,
      JSON.parse(groups?.["json"] ?? "") as unknown,
    ]),
  );
  const vectors = new Map(
    FILES.flatMap((file) =>
      Object.entries(JSON.parse(read(`docs/vectors/${file}.json`)) as object).map(
        ([name, message]) => [`${file}/${name}`, message as unknown] as const,
      ),
    ),
  );
  expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(vectors));
});
