export { openAppBridge as createAppBridgeForTesting } from "./create-app-bridge.ts";
export type { GuestTestHooks } from "./test-hooks.ts";
export { createTestHost } from "./testing/test-host.ts";
export { fakeToken } from "@breezeway/shared/testing";
export type {
  TestCallContext,
  TestHost,
  TestHostEvents,
  TestHostFaults,
  TestHostMethods,
  TestHostOptions,
  TestHostSession,
  TestHostUi,
  TestHostUiOptions,
} from "./testing/test-host-types.ts";
export type { GatewayCaller, GatewayHandler, GatewayRequest } from "./testing/test-gateway.ts";
export type { TestClock } from "@breezeway/shared/testing";
