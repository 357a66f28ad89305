import { expect, it } from "vitest";
import * as entry from "./index.ts";

it("the entry has a value for each name that apps of other bridges import without `type`", () => {
  for (const name of ["AppBridge", "createAppBridge"]) expect(Object.keys(entry)).toContain(name);
});
