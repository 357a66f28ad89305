export { systemClock } from "./clock.ts";
export type { Clock } from "./clock.ts";
export { BridgeError } from "./errors/bridge-error.ts";
export type {
  BridgeErrorOptions,
  ErrorDetails,
  JsonValue,
  WireError,
} from "./errors/bridge-error.ts";
export { ERROR_CODES, isErrorCode, isRetryable, reasonOf } from "./errors/codes.ts";
export type { ErrorCode } from "./errors/codes.ts";
export { nearestName } from "./errors/nearest-name.ts";
export { quoted } from "./errors/quoted.ts";
export { ERROR_HINTS } from "./errors/hints.ts";
export { HTTP_CODES, codeOfReason, isHttpCode } from "./errors/http-codes.ts";
export type { BridgeCode, ErrorAction, ErrorReason, HttpCode } from "./errors/http-codes.ts";
export { toProblem } from "./errors/problem.ts";
export type { AuthScheme, Problem, ProblemOptions, ProblemResponse } from "./errors/problem.ts";
export {
  CHANNEL_LIMITS,
  EXPIRY_MARGIN_SECONDS,
  HANDSHAKE_LIMITS,
  SURFACE_LIMITS,
  TIMEOUTS,
  TOKEN_LIMITS,
} from "./limits.ts";
export type { ChannelLimits, RateBudget, SurfaceBudget } from "./limits.ts";
export { isLoopbackHost, isOrigin, originOf } from "./origin.ts";
export { parseMessage } from "./protocol/frames.ts";
export type {
  AbortFrame,
  CallFrame,
  CallId,
  CloseFrame,
  ErrorFrame,
  EventFrame,
  Frame,
  FrameKind,
  RefusedFrame,
  ResultFrame,
  StateFrame,
  SubscribeFrame,
  UnsubscribeFrame,
} from "./protocol/frames.ts";
export { readBoundedBytes, readBoundedText } from "./http/bounded-body.ts";
export type { AnswerWithBody } from "./http/bounded-body.ts";
export { isHostFetchRequest } from "./protocol/host-fetch.ts";
export type { HostFetchRequest, HostFetchResponse } from "./protocol/host-fetch.ts";
export { isCloneable, isRecord, isWireError } from "./protocol/guards.ts";
export {
  HANDSHAKE_CHANNEL,
  parseHello,
  parseWelcome,
  PRESENCE_QUESTION,
} from "./protocol/handshake.ts";
export { isTokenGrant, STATE_KEYS } from "./protocol/state.ts";
export type { GuestState, StateKey } from "./protocol/state.ts";
export type { Hello, Refusal, Welcome } from "./protocol/handshake.ts";
export { BUILT_IN_METHODS, isBuiltInMethod, isName, isRight } from "./protocol/names.ts";
export { normalPath } from "./protocol/normal-path.ts";
export {
  SURFACE_CAPABILITIES,
  SURFACE_RULES,
  assertSurfaceAllowed,
  dialogOpen,
  isSurfaceMethod,
  notInModal,
} from "./protocol/surface-rules.ts";
export type { SurfaceChecks, SurfaceMethod, SurfaceRule } from "./protocol/surface-rules.ts";
export { CONFIRM_TONES, TOAST_TONES } from "./protocol/surfaces.ts";
export type {
  AppScopes,
  ConfirmOptions,
  ConfirmTone,
  FrameSize,
  GuestModal,
  NavigateOptions,
  NavigateTarget,
  OpenModalOptions,
  ScopeAnswer,
  ToastOptions,
  ToastTone,
} from "./protocol/surfaces.ts";
export type { GuestSession, Theme, TokenGrant } from "./protocol/session.ts";
export { PROTOCOL_RANGE, PROTOCOL_VERSION, negotiateProtocol } from "./protocol/version.ts";
export type { ProtocolRange } from "./protocol/version.ts";
export { assertCapability } from "./contract/capability.ts";
export { defineContract, eventDefinition } from "./contract/contract.ts";
export type {
  AnyContract,
  Contract,
  EventDefinition,
  EventEntry,
  EventInput,
  EventPayload,
  HandlerArgs,
  HandlerResult,
  MethodArgs,
  MethodDefinition,
  MethodName,
  MethodResult,
  TopicName,
} from "./contract/contract.ts";
export {
  checkArgs,
  checkPayload,
  checkResult,
  createContractGuard,
  runChecked,
} from "./contract/guard.ts";
export type { ContractGuard, MethodSide } from "./contract/guard.ts";
export type { StandardSchemaV1 } from "@standard-schema/spec";
export { chain, check, isPromiseLike, validate } from "./contract/validate.ts";
export type { MaybePromise, ValidationFailure } from "./contract/validate.ts";
export { decodeSessionToken } from "./tokens/decode.ts";
export type { DecodedToken } from "./tokens/decode.ts";
export { PROOF_ALGORITHM, PROOF_LIMITS, isKeyThumbprint } from "./tokens/proof.ts";
export { STABLE } from "./stable-channel.ts";
