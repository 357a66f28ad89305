/** What a test can make go wrong, in terms of the parts that it goes wrong in. */
import type { TestClock } from "@breezeway/shared/testing";
import type { TestHostFaults } from "./test-host-types.ts";
import type { TestIssuer } from "./test-issuer.ts";
import type { TestLink } from "./test-link.ts";

/** Conditions of the pipe, which faults change. */
export interface FaultState {
  delayMs: number;
  isDropping: boolean;
}

export interface TestFaultsParts {
  readonly clock: TestClock;
  readonly link: TestLink;
  readonly issuer: TestIssuer;
  readonly conditions: FaultState;
}

export function createTestFaults(parts: TestFaultsParts): TestHostFaults {
  const { clock, link, issuer, conditions } = parts;
  return {
    drop: () => link.cut(),
    away(isAway = true) {
      link.isAway = isAway;
      if (isAway) link.cut();
    },
    refuse(code) {
      link.refusal = code;
    },
    swallow(isOn = true) {
      conditions.isDropping = isOn;
    },
    delay(ms) {
      conditions.delayMs = ms;
    },
    expire: () => clock.sleep(Math.max(0, issuer.msLeft)),
    reload: () => link.renew(),
    revoke: () => issuer.signOut(),
    offline(isOffline = true) {
      issuer.failure = isOffline ? "OFFLINE" : undefined;
    },
    deny(isDenied = true) {
      issuer.failure = isDenied ? "DENIED" : undefined;
    },
  };
}
