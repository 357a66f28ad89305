import type { Clock } from "@breezeway/shared";

/** What tests replace in a factory of this package. */
export interface VerifyTestHooks {
  /** Only `now()` is read. Default: the clock of the runtime. */
  readonly clock?: Clock | undefined;
}
