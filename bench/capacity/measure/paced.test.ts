import { expect, test } from "vitest";
import { paced } from "./paced.ts";

const ALL_AT_ONCE = 1e9;

test("resolves with the results in the order of the numbers, whatever ends first", async () => {
  const gates = Array.from({ length: 3 }, () => Promise.withResolvers<string>());
  const results = paced(3, ALL_AT_ONCE, (n) => gates[n]?.promise ?? Promise.resolve(""));
  gates[2]?.resolve("c");
  gates[0]?.resolve("a");
  gates[1]?.resolve("b");
  expect(await results).toEqual(["a", "b", "c"]);
});

test("rejects with the failure of an operation after all were started", async () => {
  const started: number[] = [];
  const failing = paced(3, ALL_AT_ONCE, (n) => {
    started.push(n);
    return n === 0 ? Promise.reject(new Error("refused")) : Promise.resolve();
  });
  await expect(failing).rejects.toThrow("refused");
  expect(started).toEqual([0, 1, 2]);
});
