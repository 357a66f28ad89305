import { expect, it } from "vitest";
import { systemClock, type Clock } from "@breezeway/shared";
import { ISSUER, NOW_SECONDS, claimsAt, createSigner } from "@breezeway/test-support/signer";
import { createProofVerifierForTesting } from "./proof/proof-verifier.ts";
import { createSessionVerifierForTesting } from "./verifier/session-verifier.ts";

const signer = createSigner();
const MINUTE = 60;
const JUMPS = [
  ["1 min ahead", MINUTE],
  ["1 h ahead", 60 * MINUTE],
  ["1 day ahead", 24 * 60 * MINUTE],
  ["1 min behind", -MINUTE],
  ["1 h behind", -60 * MINUTE],
  ["1 day behind", -24 * 60 * MINUTE],
] as const;

/** A clock that can be wrong while time passes. */
interface WrongClock extends Clock {
  wrongBySeconds: number;
  passedSeconds: number;
}

function wrongClock(): WrongClock {
  const clock: WrongClock = {
    ...systemClock(),
    wrongBySeconds: 0,
    passedSeconds: 0,
    now: () => (NOW_SECONDS + clock.passedSeconds + clock.wrongBySeconds) * 1_000,
    monotonic: () => clock.passedSeconds * 1_000,
  };
  return clock;
}

it.each(JUMPS)(
  "a token that was verified is rejected while the clock is %s, and verified again afterwards",
  async (_name, bySeconds) => {
    const clock = wrongClock();
    const verifier = createSessionVerifierForTesting(
      { issuer: ISSUER, audience: "orders", jwks: { keys: [signer.publicJwk] } },
      { clock },
    );
    const token = signer.sign(claimsAt(NOW_SECONDS, { exp: NOW_SECONDS + 50 }));
    const first = await verifier.verify(token);
    clock.wrongBySeconds = bySeconds;
    await expect(verifier.verify(token)).rejects.toMatchObject({
      reason: bySeconds > 0 ? "token-expired" : "token-not-yet",
    });
    clock.wrongBySeconds = 0;
    expect(await verifier.verify(token)).toEqual(first);
    verifier.close();
  },
);

it.each(JUMPS)(
  "a used proof stays used, and room for new ones comes back, when the clock was %s for a moment",
  (_name, bySeconds) => {
    const clock = wrongClock();
    const verifier = createProofVerifierForTesting(
      { publicUrls: "https://api.example", maxRememberedProofs: 100 },
      { clock },
    );
    const use = (id: string): void => {
      const issuedAtSeconds = clock.now() / 1_000;
      verifier.accept({ keyThumbprint: "key", id, issuedAtSeconds }, { userId: "alice" });
    };
    const used = { keyThumbprint: "key", id: "used", issuedAtSeconds: NOW_SECONDS };
    verifier.accept(used, { userId: "alice" });
    clock.wrongBySeconds = bySeconds;
    // Nine more fill what one user may hold.
    for (let index = 1; index < 10; index += 1) use(`${index}`);
    clock.wrongBySeconds = 0;
    expect(() => verifier.accept(used, { userId: "alice" })).toThrow(/used before/);
    expect(() => use("one more")).toThrow(/full/);
    clock.passedSeconds = 80;
    use("one more");
  },
);

it("a used proof stays used when the clock steps back by 40 s", () => {
  const clock = wrongClock();
  const verifier = createProofVerifierForTesting({ publicUrls: "https://api.example" }, { clock });
  const used = { keyThumbprint: "key", id: "used", issuedAtSeconds: NOW_SECONDS };
  verifier.accept(used, { userId: "alice" });
  clock.passedSeconds = 1;
  clock.wrongBySeconds = -40;
  for (clock.passedSeconds = 35; clock.passedSeconds <= 75; clock.passedSeconds += 1) {
    expect(() => verifier.accept(used, { userId: "alice" })).toThrow(/used before/);
  }
});
