export { createHostForTesting } from "./testing/create-host-for-testing.ts";
export { createTestGuest } from "./testing/test-guest.ts";
export { createTestIssuer } from "./testing/test-issuer.ts";
export { fakeToken } from "@breezeway/shared/testing";
export type {
  TestGuest,
  TestGuestFaults,
  TestGuestOptions,
  TestGuestState,
} from "./testing/test-guest-types.ts";
export type { TestInstallationState } from "./testing/test-installations.ts";
export type { TestApps, TestIssuer, TestIssuerOptions } from "./testing/test-issuer.ts";
export type { TestClock } from "@breezeway/shared/testing";
export type { SignOutMemory } from "./session/sign-out-memory.ts";
export { soloTabs } from "./tabs/tabs.ts";
export type { TabMessage, Tabs } from "./tabs/tabs.ts";
export type { HostTestHooks } from "./host-types.ts";
