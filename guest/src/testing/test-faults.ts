/** What a test can make go wrong, and the part in which it goes wrong. */
import type { IssuerCore, TestClock } from "@breezeway/shared/testing";
import type { TestHostFaults } from "./test-host-types.ts";
import type { TestLink } from "./test-link.ts";
import type { TestTokens } from "./test-tokens.ts";

/** Conditions of the pipe, which faults change. */
export interface FaultState {
  delayMs: number;
  isDropping: boolean;
}

export interface TestFaultsDeps {
  readonly clock: TestClock;
  readonly link: TestLink;
  readonly issuer: IssuerCore;
  readonly tokens: Pick<TestTokens, "msLeft">;
  readonly conditions: FaultState;
}

export function createTestFaults(deps: TestFaultsDeps): TestHostFaults {
  const { clock, link, issuer, tokens, conditions } = deps;
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
    expire: () => clock.sleep(Math.max(0, tokens.msLeft)),
    reload: () => link.renew(),
    revoke: () => issuer.signOut(),
    offline(isOffline = true) {
      issuer.refusal = isOffline ? "OFFLINE" : undefined;
    },
    deny(isDenied = true) {
      issuer.refusal = isDenied ? "DENIED" : undefined;
    },
  };
}
