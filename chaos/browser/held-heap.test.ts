import { expect, test } from "vitest";
import { heldBytes } from "./held-heap.ts";

const meta = {
  node_fields: ["type", "name", "id", "self_size"],
  node_types: [["hidden", "code", "object"], "string", "number", "number"],
};
const strings = ["Session", "system / Code", "blink::NetworkResourcesData::ResourceData"];

test("counts objects, neither compiled code nor the driver's records of responses", () => {
  const nodes = [2, 0, 1, 100, 1, 1, 2, 10_000, 0, 2, 3, 5_000, 0, 0, 4, 20];
  expect(heldBytes({ snapshot: { meta }, nodes, strings })).toBe(120);
});
