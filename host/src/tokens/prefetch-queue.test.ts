import { describe, expect, it } from "vitest";
import { createTokenWorld, mountGuest, orders } from "../../test-support/token-world.ts";

describe("a page with 100 apps", () => {
  const apps = Array.from({ length: 100 }, (_, index) => ({ ...orders, id: `app-${index}` }));

  it("asks for few first tokens at a time, and for each once", async () => {
    const world = await createTokenWorld({ options: { apps } });
    const guests = apps.map(({ id }) => mountGuest(world, {}, { appId: id }));
    for (let round = 0; round < apps.length && world.asked.length < apps.length; round += 1) {
      await world.issuer.advance(0);
    }
    expect(world.mostAtOnce).toBe(4);
    expect(world.asked.toSorted()).toEqual(apps.map(({ id }) => id).toSorted());
    for (const guest of guests) expect((await guest.connect()).token).not.toBeNull();
    expect(world.asked).toHaveLength(apps.length);
  });

  it("lets no guest that has said hello wait for the first tokens of others", async () => {
    const world = await createTokenWorld({ options: { apps } });
    world.hold();
    const guests = apps.map(({ id }) => mountGuest(world, {}, { appId: id }));
    await guests.at(-1)?.connect();
    await world.issuer.advance(0);
    expect(world.asked).toContain("app-99");
    await world.answer();
    for (let round = 0; round < apps.length; round += 1) await world.issuer.advance(0);
    expect(world.asked.toSorted()).toEqual(apps.map(({ id }) => id).toSorted());
  });
});
