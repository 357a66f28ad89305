import type { Clock } from "@breezeway/shared";

/** What tests replace in a factory of this package. */
export interface VerifyTestHooks {
  /** `now()` and `monotonic()` are read. Default: the clock of the runtime. */
  readonly clock?: Clock | undefined;
}
