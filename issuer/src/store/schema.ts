/**
 * The tables of both databases. Times are epoch milliseconds unless a name says seconds. JSON is in
 * text columns, so that both databases return the bytes that were written.
 */
import type {
  InstallationFailureReason,
  InstallationState,
  LifecycleEventName,
} from "@breezeway/shared/schemas";
import type { Generated, Insertable, Selectable } from "kysely";

export interface Database {
  breezeway_session: SessionTable;
  breezeway_signing_key: SigningKeyTable;
  breezeway_change: ChangeTable;
  breezeway_change_counter: ChangeCounterTable;
  breezeway_login_attempt: LoginAttemptTable;
  breezeway_installation: InstallationTable;
  breezeway_clean_up: CleanUpTable;
  breezeway_revocation: RevocationTable;
  breezeway_rotation: RotationTable;
  breezeway_app: AppTable;
  breezeway_app_change: AppChangeTable;
  breezeway_grant: GrantTable;
  breezeway_grant_change: GrantChangeTable;
  breezeway_grant_wish: GrantWishTable;
  breezeway_erasure_call: ErasureCallTable;
}

export interface SessionTable {
  handle: string;
  /** SHA-256 of the first part of the cookie; finds the row. */
  selector_hash: string;
  /** SHA-256 of the second part of the cookie; opens the session. */
  secret_hash: string;
  previous_secret_hash: string | null;
  /** When `previous_secret_hash` was replaced. */
  previous_since_ms: number | null;
  /** JSON: `[{ hash, sinceMs }]`, secrets that are as good as `secret_hash`. */
  siblings: string;
  user_id: string;
  tenant_id: string;
  /** JSON: tenant id → `{ scopes }`. */
  tenants: string;
  claims: string;
  data: string;
  created_at_ms: number;
  last_active_at_ms: number;
  expires_at_ms: number;
  revoked_at_ms: number | null;
  revoked_reason: string | null;
  /**
   * When the clean-up looks at the session next. It may be too early: then the clean-up sets it again, so
   * that nothing that postpones the end has to write this indexed column.
   */
  review_at_ms: number;
  /** Browser and system at the sign-in, in words of our own; `null` when unknown or not kept. */
  device: string | null;
  /** CIDR network of the address at the sign-in; `null` when unknown or not kept. */
  network: string | null;
}

export interface SigningKeyTable {
  kid: string;
  alg: string;
  /** Position in the succession of keys of one algorithm; unique, so one of two racing keys wins. */
  ordinal: number;
  public_jwk: string;
  /** For the key vault: a private JWK, an encrypted one, or the name of a KMS key. */
  private_reference: string;
  created_at_ms: number;
  /** First signature. Until then the key is only published. */
  activates_at_ms: number;
  /** When the key was first seen to sign; null before. Then no clock takes it back. */
  activated_at_ms: number | null;
  /** No signature from this time on; null while no end is planned. */
  retires_at_ms: number | null;
  /** When the key left the JWKS; verifiers reject its tokens. */
  removed_at_ms: number | null;
}

/** The change log, in commit order. */
export interface ChangeTable {
  seq: number;
  kind: string;
  subject: string;
  tenant_id: string | null;
  detail: string | null;
  at_seconds: number;
}

/** One row. Writers lock it first, so the numbers of {@link ChangeTable} follow commit order. */
export interface ChangeCounterTable {
  id: number;
  seq: number;
}

export interface LoginAttemptTable {
  /** SHA-256 of the browser's login cookie. */
  id_hash: string;
  state: string;
  nonce: string;
  code_verifier: string;
  return_to: string;
  expires_at_ms: number;
}

/** One row: which process cleans up, and how long the clock has run evenly. */
export interface CleanUpTable {
  id: number;
  /** No other process cleans up until then. */
  leased_until_ms: number;
  /** When a process last claimed the clean-up. */
  checked_at_ms: number;
  /** Since then, `checked_at_ms` made no jump. */
  even_since_ms: number;
  /** The highest number of a rotation at the last run. */
  rotations_seen: number;
  /** Rotations up to this number may be deleted. */
  rotations_purged: number;
}

/** A revocation of very many sessions that is not finished. */
export interface RevocationTable {
  kind: "user" | "tenant";
  subject: string;
  /** Narrows the revocation of a user; empty otherwise. */
  tenant_id: string;
  /** Sessions that it has ended so far. */
  ended: number;
  /** When a process last worked on it. */
  active_at_ms: number;
}

/** Written by a trigger whenever the secrets of a session change. */
export interface RotationTable {
  id: Generated<number>;
  handle: string;
}

/** One row for each app and tenant that ever had an installation. */
export interface InstallationTable {
  app_id: string;
  tenant_id: string;
  id: string;
  state: InstallationState;
  failure_event: LifecycleEventName | null;
  failure_reason: InstallationFailureReason | null;
  /** Text of the app's backend. */
  failure_detail: string | null;
  attempts: number;
  due_at_ms: number;
  lease_id: string | null;
  created_at_ms: number;
  changed_at_ms: number;
}

/** One row for each app that was ever put or suspended. */
export interface AppTable {
  app_id: string;
  /** JSON. `null` for an app of a file, and for one that was removed. */
  manifest: string | null;
  /** Manifests and removals so far. It never falls. */
  revision: number;
  /** JSON: tenant id → reason. The empty id stands for every tenant. */
  suspensions: string;
  /** JSON: `{ tenants?: tenant id → channel, rollOut?: { channel, percent } }`. */
  channels: Generated<string>;
  /** Changes so far, the number of the last row in {@link AppChangeTable}. */
  changes: number;
  changed_at_ms: number;
}

/** The history of the apps. */
export interface AppChangeTable {
  app_id: string;
  /** 1 for the first change of the app. */
  number: number;
  action: AppAction;
  /** The revision after the change. */
  revision: number;
  /** The tenant of a `suspend`, `resume` or `set-channel`; `null` for every tenant. */
  tenant_id: string | null;
  /** Only for a `suspend`. */
  reason: string | null;
  /** JSON: the manifest of a `put`. */
  manifest: string | null;
  /** JSON: what a `put` or `remove` changed. */
  diff: string;
  actor: string | null;
  at_ms: number;
  /** Only for a `set-channel`, `roll-out` or `roll-back`. */
  channel: string | null;
  /** Only for a `roll-out`. */
  percent: number | null;
}

export type AppAction =
  | "put"
  | "remove"
  | "suspend"
  | "resume"
  | "set-channel"
  | "roll-out"
  | "roll-back";

/** The scopes of an app that a tenant has agreed to. */
export interface GrantTable {
  tenant_id: string;
  app_id: string;
  /** JSON: the scopes. */
  scopes: string;
  /** The app's revision at the last change. */
  app_revision: number;
  actor: string | null;
  /** Changes so far. 0: the row was made to be locked, and nothing is granted. */
  changes: number;
  changed_at_ms: number;
}

/** The history of the grants. */
export interface GrantChangeTable extends Omit<GrantTable, "changes" | "changed_at_ms"> {
  /** 1 for the first change of the grant. */
  number: number;
  at_ms: number;
}

/** Scopes that a user has asked for who may not decide. */
export interface GrantWishTable {
  tenant_id: string;
  app_id: string;
  user_id: string;
  /** JSON: the scopes. */
  scopes: string;
  wished_at_ms: number;
}

export type GrantWishRow = Selectable<GrantWishTable>;
/** A call that tells an app's backend of an erased user. The row goes with the backend's answer. */
export interface ErasureCallTable {
  user_id: string;
  app_id: string;
  tenant_id: string;
  installation_id: string;
  attempts: number;
  due_at_ms: number;
  lease_id: string | null;
}

export type ErasureCallRow = Selectable<ErasureCallTable>;
export type GrantRow = Selectable<GrantTable>;
export type GrantChangeRow = Selectable<GrantChangeTable>;
export type AppRow = Selectable<AppTable>;
export type AppChangeRow = Selectable<AppChangeTable>;
export type SessionRow = Selectable<SessionTable>;
export type NewSessionRow = Insertable<SessionTable>;
export type SigningKeyRow = Selectable<SigningKeyTable>;
export type ChangeRow = Selectable<ChangeTable>;
export type LoginAttemptRow = Selectable<LoginAttemptTable>;
export type InstallationRow = Selectable<InstallationTable>;
