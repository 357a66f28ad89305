import * as fc from "fast-check";
import { expect, it } from "vitest";
import { Places, type Holder, type Slots } from "./places.ts";

const holder = (userId: string, handle = userId): Holder => ({
  session: { userId, handle, appId: "orders" },
  address: undefined,
});
const unbounded = { perSession: 1e9, perUser: 1e9, perApp: 1e9, perAddress: 1e9 };

const refusalOf = (places: Places, userId: string): string | undefined =>
  places.refusalOf(places.slotsOf(holder(userId)))?.code;

/** Takes places until the first refusal. Returns their number. */
function takeAll(places: Places, userId: string): number {
  let count = 0;
  const slots = places.slotsOf(holder(userId));
  while (places.refusalOf(slots) === undefined) {
    places.take(slots);
    count += 1;
  }
  return count;
}

it("a single user gets three quarters of all places", () => {
  const places = new Places({ total: 1_024, ...unbounded });
  expect(takeAll(places, "alice")).toBe(768);
  expect(refusalOf(places, "alice")).toBe("RATE_LIMITED");
});

it("users without a place still get some after others have taken all they can", () => {
  const places = new Places({ total: 1_024, ...unbounded, perUser: 256 });
  for (const user of ["alice", "bob", "carol"]) expect(takeAll(places, user)).toBe(256);
  for (let user = 0; user < 60; user += 1) expect(takeAll(places, `user-${user}`)).toBe(4);
  expect(refusalOf(places, "alice")).toBe("RATE_LIMITED");
  expect(refusalOf(places, "dave")).toBeUndefined();
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

it("places never run over, and all are given back", () => {
  const step = fc.record({ user: fc.integer({ min: 0, max: 5 }), takes: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 200 }),
      fc.integer({ min: 1, max: 20 }),
      (steps, total) => {
        const places = new Places({ total, ...unbounded, perUser: 7 });
        const held: { readonly user: number; readonly slots: Slots }[] = [];
        for (const { user, takes } of steps) {
          const free = total - places.taken;
          const own = held.filter((each) => each.user === user);
          const slots = places.slotsOf(holder(`user-${user}`));
          if (!takes) {
            const given = own.pop();
            if (given === undefined) continue;
            held.splice(held.indexOf(given), 1);
            places.give(given.slots);
          } else if (places.refusalOf(slots) === undefined) {
            expect(free).toBeGreaterThan(0);
            expect(own.length).toBeLessThan(free > Math.floor(total / 4) ? 7 : 1);
            places.take(slots);
            held.push({ user, slots });
          } else {
            expect(free === 0 || own.length >= 1).toBe(true);
          }
          expect(places.taken).toBe(held.length);
        }
        for (const { slots } of held) places.give(slots);
        expect(places.taken).toBe(0);
      },
    ),
  );
});

it("keeps the count of a holder among thousands who come and go, and does not keep all of theirs", () => {
  const places = new Places({ total: 1_024, ...unbounded, perUser: 2 });
  const take = (userId: string): Slots => {
    const slots = places.slotsOf({ ...holder(userId), address: userId });
    places.take(slots);
    return slots;
  };
  take("alice");
  take("alice");
  for (let user = 0; user < 20_000; user += 1) places.give(take(`user-${user}`));
  expect(refusalOf(places, "alice")).toBe("RATE_LIMITED");
  expect(places.taken).toBe(2);
  expect(places.holders).toBeLessThan(4 * 1_100);
});
