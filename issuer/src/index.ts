export { BridgeError } from "@breezeway/shared";
export { createIssuer } from "./create-issuer.ts";
export type { Issuer } from "./create-issuer.ts";
export type {
  AppActor,
  AppWrite,
  ChannelOptions,
  IssuerApps,
  Page,
  PageOptions,
  PutOptions,
  PutResult,
  ResumeOptions,
  RollBackOptions,
  RollOutOptions,
  SuspendOptions,
} from "./apps/apps-api.ts";
export { createAppManager } from "./apps/app-manager.ts";
export type { AppManager, AppManagerOptions } from "./apps/app-manager.ts";
export type { AppChange, AppChannels, AppInfo, TenantChannel } from "./apps/app-info.ts";
export type { ChannelChange } from "./apps/channel-changes.ts";
export type { ManifestChange, ManifestDiff } from "./apps/manifest-diff.ts";
export { assertIssuerOptions } from "./issuer-settings.ts";
export type { ClaimsContext, ClaimsHook } from "./tokens/claims-hook.ts";
export type { IssuerOptions, KeyOptions, RevocationOptions, SessionOptions } from "./options.ts";
export { pinoAudit } from "./audit/audit.ts";
export type { AuditEvent, AuditEventName, AuditSink } from "./audit/audit.ts";
export type {
  InstallationAction,
  InstallationOptions,
  ManageContext,
} from "./installations/installation-options.ts";
export type {
  AdoptSettings,
  GrantChange,
  GrantSettings,
  IssuerGrants,
  WishSettings,
} from "./grants/grants-api.ts";
export type { GrantKey } from "./grants/grant-store.ts";
export type { InstallationKey } from "./installations/installation-machine.ts";
export type { IssuerInstallations } from "./installations/installations-api.ts";
export type {
  Grant,
  Installation,
  InstallationFailure,
  InstallationState,
} from "@breezeway/shared/schemas";
export type { RequestInfo } from "./http/router.ts";
export { createKeyManager } from "./keys/key-manager.ts";
export type { KeyManager, KeyManagerOptions } from "./keys/key-manager.ts";
export type { IssuerKeys } from "./keys/key-ring.ts";
export type { KeyInfo } from "./keys/key-set.ts";
export type { KeyState } from "./keys/key-schedule.ts";
export type { KeyVault, Signer, SigningAlgorithm, VaultKey } from "./keys/key-vault.ts";
export { createLocalVault } from "./keys/local-vault.ts";
export type { LocalVaultOptions } from "./keys/local-vault.ts";
export type { DevLoginOptions, DevUser } from "./login/dev-login-options.ts";
export type { OidcIdentity, OidcOptions } from "./login/oidc-options.ts";
export type { RateLimits } from "./http/rate-limits.ts";
export { createSessionManager } from "./sessions/session-manager.ts";
export type {
  SessionManager,
  SessionManagerOptions,
  SessionSelection,
} from "./sessions/session-manager.ts";
export type { DeviceDetail, SessionClient } from "./sessions/session-device.ts";
export type { NewSession } from "./sessions/session-input.ts";
export type { Claims, SessionInfo, TenantAccess } from "./sessions/session-record.ts";
export type {
  IssuedToken,
  IssuerSessions,
  SessionFilter,
  SessionWithCookie,
} from "./sessions/sessions-api.ts";
export type { ErasureKey } from "./users/erasure-call-store.ts";
export type { ErasureOptions, ErasureReport, KeptData } from "./users/user-erasure.ts";
export type {
  ExportedAppChange,
  ExportedCall,
  ExportedGrant,
  ExportedRevocation,
  ExportedSession,
  UserExport,
} from "./users/user-export.ts";
export { createUserManager } from "./users/user-manager.ts";
export type { UserManager, UserManagerOptions } from "./users/user-manager.ts";
export type { IssuerUsers } from "./users/users-api.ts";
export { sqliteStore } from "./store/sqlite/sqlite-store.ts";
export type { SqliteStoreOptions } from "./store/sqlite/sqlite-store.ts";
export type { OpenStore, Store } from "./store/store.ts";
