/** Common parts of the HTTP servers of issuer and gateway on Node. */
export { answerClientError } from "./node/client-error.ts";
export type { BrokenClient } from "./node/client-error.ts";
export { listen, urlOf } from "./node/listen.ts";
export type { ListenAddress } from "./node/listen.ts";
export { createDelay, LINGER_MS, settledWithin, stopListening } from "./node/stopping.ts";
export type { Delay } from "./node/stopping.ts";
export { KEEP_ALIVE_TIMEOUT_MS, timeLimits } from "./node/time-limits.ts";
export type { TimeLimits } from "./node/time-limits.ts";
