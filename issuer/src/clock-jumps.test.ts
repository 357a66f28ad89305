import { systemClock, type Clock } from "@breezeway/shared";
import { expect, it } from "vitest";
import { call, testIssuer } from "../test-support/test-issuer.ts";

it.each([
  ["forward", 3_600_000],
  ["back", -86_400_000],
])(
  "an issuer whose clock is set %s tells its log and its health, and stays ready",
  async (way, byMs) => {
    const system = systemClock();
    let [setByMs, passedMs] = [0, 0];
    const clock: Clock = {
      ...system,
      now: () => system.now() + setByMs + passedMs,
      monotonic: () => system.monotonic() + passedMs,
    };
    const errors: unknown[] = [];
    const issuer = testIssuer({ clock, onError: (error) => errors.push(error) });
    const health = async (): Promise<unknown> => (await call(issuer, "/health")).json();
    expect(await health()).toMatchObject({ ready: true, clock: true });
    setByMs = byMs;
    await expect.poll(health).toMatchObject({ ready: true, clock: false });
    const text = `went ${way} by ${Math.abs(byMs) / 1_000} s`;
    expect(errors).toEqual([
      expect.objectContaining({ message: expect.stringContaining(text) as unknown }),
    ]);
    passedMs = 300_000;
    expect(await health()).toMatchObject({ ready: true, clock: true });
    await issuer.close();
  },
);
