export { createClockWatch } from "./clock-watch.ts";
export type { ClockWatch, ClockWatchDeps } from "./clock-watch.ts";
export { createAppRegistry } from "./schemas/app-registry.ts";
export type { AppRegistry } from "./schemas/app-registry.ts";
export {
  channelName,
  hasChannel,
  NO_PLACEMENTS,
  pathOn,
  STABLE,
  versionOf,
  withoutChannels,
} from "./schemas/channels.ts";
export type { AppChannel, AppVersion, ChannelPlacements, RollOut } from "./schemas/channels.ts";
export {
  NEW_SESSION,
  SESSION_HEADER,
  devLoginRequestSchema,
  endDevicesRequestSchema,
  endDevicesResponseSchema,
  guestSession,
  sessionDevicesResponseSchema,
  sessionSummarySchema,
  tenantRequestSchema,
  tokenRequestSchema,
  tokenResponseSchema,
} from "./schemas/auth-api.ts";
export type {
  DevLoginRequest,
  EndDevicesRequest,
  EndDevicesResponse,
  SessionDevice,
  SessionDevicesResponse,
  SessionSummary,
  TenantRequest,
  TokenRequest,
  TokenResponse,
} from "./schemas/auth-api.ts";
export { RESERVED_CLAIMS, sessionClaimsSchema } from "./schemas/claims.ts";
export type { SessionClaims } from "./schemas/claims.ts";
export {
  MAX_FAILURE_DETAIL,
  grantListResponseSchema,
  grantRequestSchema,
  grantResponseSchema,
  grantSchema,
  grantWishRequestSchema,
  grantWishResponseSchema,
  installationListResponseSchema,
  installationRequestSchema,
  installationResponseSchema,
  installationSchema,
} from "./schemas/installations.ts";
export type {
  Grant,
  GrantListResponse,
  GrantRequest,
  GrantResponse,
  GrantWish,
  GrantWishRequest,
  GrantWishResponse,
  Installation,
  InstallationFailure,
  InstallationFailureReason,
  InstallationListResponse,
  InstallationRequest,
  InstallationResponse,
  InstallationState,
  LifecycleEventName,
} from "./schemas/installations.ts";
export {
  LIFECYCLE_TTL_SECONDS,
  LIFECYCLE_TYPE,
  MAX_LIFECYCLE_BODY_BYTES,
  lifecycleBodySchema,
  lifecycleClaimsSchema,
} from "./schemas/lifecycle.ts";
export type { LifecycleBody, LifecycleCallName, LifecycleClaims } from "./schemas/lifecycle.ts";
export {
  DEFAULT_SANDBOX,
  SANDBOX_TOKENS,
  parseManifest,
  parseManifestJson,
  scopesOfManifest,
} from "./schemas/manifest.ts";
export { labelText } from "./schemas/label-text.ts";
export type {
  ColorScheme,
  Icon,
  Label,
  Lifecycle,
  Manifest,
  ManifestInput,
  Placement,
  RegisteredApp,
  SandboxToken,
} from "./schemas/manifest.ts";
export {
  appListResponseSchema,
  isNarrower,
  registryResponseSchema,
  suspensionReason,
} from "./schemas/registry.ts";
export type {
  AppListResponse,
  AppSuspension,
  RegistryChannels,
  RegistryEntry,
  RegistryResponse,
  TenantApp,
} from "./schemas/registry.ts";
export { KEY_REMOVAL_SECONDS, revocationSchema } from "./schemas/revocations.ts";
export type { Revocation, RevocationSnapshot } from "./schemas/revocations.ts";
export { hasEqualNames } from "./schemas/equal-names.ts";
export { parseJsonWith, parseWith } from "./schemas/parse.ts";
export type { ParseContext } from "./schemas/parse.ts";
export {
  functionOption,
  instanceOption,
  numberOption,
  optionObject,
  originsOption,
  parseOptions,
  wholeNumberOption,
} from "./schemas/parse-options.ts";
export type { OptionShape } from "./schemas/parse-options.ts";
export {
  parseConfirm,
  parseNavigate,
  parseOpenModal,
  parseReportPath,
  parseRequestScopes,
  parseResize,
  parseShowToast,
} from "./schemas/surface-args.ts";
export type { AskedConfirm, AskedPlace, AskedModal, AskedToast } from "./schemas/surface-args.ts";
