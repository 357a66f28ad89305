/** The issuer's calls to the backend of an app that was installed in a tenant, or uninstalled. */
export { verifyLifecycle } from "./lifecycle/verify-lifecycle.ts";
export type {
  Lifecycle,
  LifecycleHandlerOptions,
  OnLifecycleEvent,
} from "./lifecycle/verify-lifecycle.ts";
export { LifecycleRefusal } from "./lifecycle/lifecycle-refusal.ts";
export type { LifecycleCall } from "./lifecycle/lifecycle-call.ts";
export type {
  InstallationEvent,
  LifecycleEvent,
  LifecycleOptions,
  UserErasedEvent,
} from "./lifecycle/lifecycle-verifier.ts";
export { BridgeError } from "@breezeway/shared";
