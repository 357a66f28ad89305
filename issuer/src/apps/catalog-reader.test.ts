import { createAppRegistry } from "@breezeway/shared/schemas";
import { expect, it } from "vitest";
import { createAppCatalog } from "./app-catalog.ts";
import { createCatalogReader } from "./catalog-reader.ts";

it("reads again for news that come right after the end of a read, before anybody has its result", async () => {
  const reads: PromiseWithResolvers<Map<string, never>>[] = [];
  const reader = createCatalogReader({
    store: {
      read: () => {
        const begun = Promise.withResolvers<Map<string, never>>();
        reads.push(begun);
        return begun.promise;
      },
    },
    catalog: createAppCatalog(createAppRegistry([])),
    onError: () => undefined,
  });
  reader.invalidate("bills");
  const first = reader.settled("bills");
  let second: Promise<void> | undefined;
  // Runs directly after the reader has taken the result.
  void reads[0]?.promise.then(() => {
    reader.invalidate("bills");
    second = reader.settled("bills");
  });
  reads[0]?.resolve(new Map<string, never>());
  await first;
  expect(reads).toHaveLength(2);
  reads[1]?.resolve(new Map<string, never>());
  await second;
  expect(reader.settled("bills")).toBeUndefined();
});
