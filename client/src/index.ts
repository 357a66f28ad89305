export { createSession } from "./create-session.ts";
export type {
  ClientFetchInit,
  ClientSession,
  ClientSessionOptions,
  SecureStorage,
  SignInRequest,
} from "./client-types.ts";
export { BridgeError } from "@breezeway/shared";
export type { SessionSummary } from "@breezeway/shared/schemas";
