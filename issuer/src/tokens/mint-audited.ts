/** Mints a token for a registered app and writes the audit record. The HTTP route and the API share it. */
import type { RegisteredApp } from "@breezeway/shared/schemas";
import type { AuditSink } from "../audit/audit.ts";
import type { SessionRecord } from "../sessions/session-record.ts";
import type { AppMint } from "./app-mint.ts";
import type { MintedToken } from "./mint.ts";

export interface AuditedMintDeps {
  readonly mint: AppMint;
  readonly audit: AuditSink;
}

export interface MintContext {
  readonly requestId?: string | undefined;
  readonly proofKeyThumbprint?: string | undefined;
}

export async function mintAudited(
  { mint, audit }: AuditedMintDeps,
  record: SessionRecord,
  app: RegisteredApp,
  { requestId, proofKeyThumbprint }: MintContext = {},
): Promise<MintedToken> {
  const pending = mint(record, app, proofKeyThumbprint);
  const minted = pending instanceof Promise ? await pending : pending;
  audit({
    event: "token.minted",
    sub: record.userId,
    tenant: record.tenantId,
    app: app.id,
    sid: record.handle,
    jti: minted.jti,
    kid: minted.kid,
    requestId,
  });
  return minted;
}
