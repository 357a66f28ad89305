export { createTestClock, nextTask } from "./testing/test-clock.ts";
export type { TestClock, TestClockOptions } from "./testing/test-clock.ts";
export { fakeToken } from "./testing/fake-token.ts";
export { createMessagePipe } from "./testing/message-pipe.ts";
export type { MessagePipe, PipeConditions } from "./testing/message-pipe.ts";
export { createIssuerCore } from "./testing/test-issuer.ts";
export type { IssuerCore, IssuerCoreOptions, MintedToken } from "./testing/test-issuer.ts";
