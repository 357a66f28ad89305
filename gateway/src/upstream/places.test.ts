import * as fc from "fast-check";
import { expect, it } from "vitest";
import { Places, type Holder } from "./places.ts";

const holder = (userId: string, handle = userId): Holder => ({
  session: { userId, handle, appId: "orders" },
  address: undefined,
});
const unbounded = { perSession: 1e9, perUser: 1e9, perApp: 1e9, perAddress: 1e9 };

/** Takes places until the first refusal. Returns their number. */
function takeAll(places: Places, userId: string): number {
  let count = 0;
  while (places.refusalOf(holder(userId)) === undefined) {
    places.take(holder(userId));
    count += 1;
  }
  return count;
}

it("a single user gets three quarters of all places", () => {
  const places = new Places({ total: 1_024, ...unbounded });
  expect(takeAll(places, "alice")).toBe(768);
  expect(places.refusalOf(holder("alice"))?.code).toBe("RATE_LIMITED");
});

it("users without a place still get some after others have taken all they can", () => {
  const places = new Places({ total: 1_024, ...unbounded, perUser: 256 });
  for (const user of ["alice", "bob", "carol"]) expect(takeAll(places, user)).toBe(256);
  for (let user = 0; user < 60; user += 1) expect(takeAll(places, `user-${user}`)).toBe(4);
  expect(places.refusalOf(holder("alice"))?.code).toBe("RATE_LIMITED");
  expect(places.refusalOf(holder("dave"))).toBeUndefined();
});

it.each([
  [1, 1],
  [2, 2],
  [3, 3],
  [4, 3],
  [8, 6],
])("a single user gets, of %i places, %i", (total, most) => {
  expect(takeAll(new Places({ total, ...unbounded }), "alice")).toBe(most);
});

it("places never run over, and nothing is kept for holders without a place", () => {
  const step = fc.record({ user: fc.integer({ min: 0, max: 5 }), takes: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 200 }),
      fc.integer({ min: 1, max: 20 }),
      (steps, total) => {
        const places = new Places({ total, ...unbounded, perUser: 7 });
        const held: Holder[] = [];
        for (const { user, takes } of steps) {
          const free = total - places.taken;
          const own = held.filter(({ session }) => session?.userId === `user-${user}`);
          const asking = holder(`user-${user}`);
          if (!takes) {
            const given = own.pop();
            if (given === undefined) continue;
            held.splice(held.indexOf(given), 1);
            places.give(given);
          } else if (places.refusalOf(asking) === undefined) {
            expect(free).toBeGreaterThan(0);
            expect(own.length).toBeLessThan(free > Math.floor(total / 4) ? 7 : 1);
            places.take(asking);
            held.push(asking);
          } else {
            expect(free === 0 || own.length >= 1).toBe(true);
          }
          expect(places.taken).toBe(held.length);
        }
        for (const each of held) places.give(each);
        expect([places.taken, places.holders]).toEqual([0, 0]);
      },
    ),
  );
});
