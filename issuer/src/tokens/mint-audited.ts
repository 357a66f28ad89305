/** Mints a token for a registered app and writes the audit record. The HTTP route and the API share it. */
import type { RegisteredApp } from "@breezeway/shared/schemas";
import type { AppCatalog } from "../apps/app-catalog.ts";
import type { AuditSink } from "../audit/audit.ts";
import type { SessionRecord } from "../sessions/session-record.ts";
import type { AppMint } from "./app-mint.ts";
import type { MintedToken } from "./mint.ts";

export interface AuditedMintDeps {
  readonly mint: AppMint;
  readonly audit: AuditSink;
  readonly apps: { readonly catalog: Pick<AppCatalog, "version"> };
}

export interface MintContext {
  readonly requestId?: string | undefined;
  readonly proofKeyThumbprint?: string | undefined;
}

export async function mintAudited(
  { mint, audit, apps }: AuditedMintDeps,
  record: SessionRecord,
  app: RegisteredApp,
  { requestId, proofKeyThumbprint }: MintContext = {},
): Promise<MintedToken> {
  const pending = mint(record, app, proofKeyThumbprint);
  const minted = pending instanceof Promise ? await pending : pending;
  const { version, channel } = apps.catalog.version(app, record.tenantId);
  audit({
    event: "token.minted",
    sub: record.userId,
    tenant: record.tenantId,
    app: app.id,
    // They come from the registry, since nobody could rely on what a guest says about its version.
    version,
    channel,
    sid: record.handle,
    jti: minted.jti,
    kid: minted.kid,
    requestId,
  });
  return minted;
}
