export { AppBridge } from "./bridge-types.ts";
export { createAppBridge } from "./create-app-bridge.ts";
export { isEmbedded } from "./transport/parent-link.ts";
export { callOptions, withTransfer } from "@breezeway/shared/channel";
export { BridgeError, decodeSessionToken, defineContract } from "@breezeway/shared";
export type {
  BridgeEvents,
  BridgeMethods,
  BridgeOptions,
  BridgeScopes,
  BridgeSession,
  BuiltInCaller,
  BuiltInMethods,
  GuestCallContext,
} from "./bridge-types.ts";
export type { ConnectionState } from "./connection/connection.ts";
export type { BridgeFetch, BridgeFetchInit } from "./fetch/bridge-fetch.ts";
export type { Attempt, GreetOptions, Greeting, HostLink } from "./transport/host-link.ts";
export type { PageLifeListener } from "./transport/page-life.ts";
export type {
  AnyContract,
  AppScopes,
  Contract,
  DecodedToken,
  ErrorCode,
  GuestSession,
  ScopeAnswer,
  Theme,
} from "@breezeway/shared";
export type {
  CallOptions,
  CallOptionsInit,
  Clock,
  Readable,
  Unsubscribe,
} from "@breezeway/shared/channel";
