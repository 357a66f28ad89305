import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { readUnits } from "../../bench/capacity/units.ts";
import { PRODUCT } from "../../bench/capacity/model.ts";
import { DEFAULT_OPTIONS } from "../../bench/capacity/options.ts";
import { STREAM_LIMITS } from "../../issuer/src/limits.ts";
import { KEY_REMOVAL_SECONDS } from "../../shared/src/schemas.ts";
import { TOKEN_LIMITS } from "../../shared/src/index.ts";
import { CACHE_LIMITS } from "../../verify/src/limits.ts";
import { CAPACITY_PAGE, renderCapacityPage } from "./capacity.ts";

test("docs/guides/capacity.md matches the model and the units (node scripts/docs/capacity.ts)", async () => {
  const page = await readFile(CAPACITY_PAGE, "utf8");
  expect(page).toBe(await renderCapacityPage(page, await readUnits()));
});

test("the model knows the limits of the sources", () => {
  const { session } = STREAM_LIMITS;
  const { ttlJitter, refreshAheadFraction, defaultTtlSeconds } = TOKEN_LIMITS;
  expect(PRODUCT).toMatchObject({
    streamsPerIssuer: session.total - session.reserve,
    tokensInMemory: CACHE_LIMITS.defaultEntries,
    changeLogSeconds: KEY_REMOVAL_SECONDS,
    // Both are shortened at random, by half of the jitter on average.
    lifeShare: 1 - ttlJitter / 2,
    renewalShare: expect.closeTo(1 - refreshAheadFraction - ttlJitter / 2, 9) as number,
  });
  expect(DEFAULT_OPTIONS["token-seconds"]).toBe(defaultTtlSeconds);
});
