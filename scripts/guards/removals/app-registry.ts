import { edit, type Removal } from "../removal.ts";

export const appRegistry: readonly Removal[] = [
  {
    row: "TM-701",
    edits: [
      edit(
        "issuer/src/apps/apps-runtime.ts",
        "const settled = reader.settled(appId);",
        "const settled = undefined as Promise<void> | undefined;",
      ),
    ],
  },
  {
    row: "TM-702",
    edits: [
      edit(
        "issuer/src/apps/app-changes.ts",
        'detail: "put" }, revokesTokens)',
        'detail: "put" }, false)',
      ),
    ],
  },
  {
    row: "TM-703",
    edits: [
      edit(
        "issuer/src/apps/app-service.ts",
        "if (!sharesOrigin) assertOwnOrigin(catalog, app);",
        'if (!sharesOrigin && app.id === "") assertOwnOrigin(catalog, app);',
      ),
    ],
  },
  {
    row: "TM-704",
    edits: [
      edit(
        "issuer/src/http/routes/app-routes.ts",
        "assertReader(request.headers);",
        'if (request.method === "") assertReader(request.headers);',
      ),
    ],
  },
  {
    row: "TM-705",
    edits: [
      edit(
        "gateway/src/registry/registry-follower.ts",
        "if (refusal) throw refusal;",
        'if (refusal && app.id === "") throw refusal;',
      ),
    ],
  },
  {
    row: "TM-706",
    edits: [
      edit(
        "gateway/src/gateway.ts",
        "assertNotSuspended(state.policy, claims.aud, claims.tenantId);",
        'if (claims.aud === "") assertNotSuspended(state.policy, claims.aud, claims.tenantId);',
      ),
    ],
  },
  {
    row: "TM-707",
    edits: [
      edit(
        "host/src/apps/host-apps.ts",
        "(isNarrower(mounted, app) ? changed(app) : undefined)",
        "(isNarrower(mounted, mounted) ? changed(app) : undefined)",
      ),
    ],
  },
  {
    row: "TM-708",
    edits: [
      edit(
        "issuer/src/apps/app-changes.ts",
        "if (expected === undefined || expected === revision) return;",
        "if (expected === undefined || expected <= revision) return;",
      ),
    ],
  },
  {
    row: "TM-709",
    edits: [
      edit(
        "issuer/src/tokens/mint.ts",
        "(granted?.has(scope) ?? true)",
        "granted?.has(scope) !== null",
      ),
    ],
  },
  {
    row: "TM-710",
    edits: [
      edit(
        "issuer/src/runtime/follow-changes.ts",
        "grants.tenantGrants?.forget(change.subject);",
        'if (change.subject === "") grants.tenantGrants?.forget();',
      ),
    ],
  },
  {
    row: "TM-711",
    edits: [
      edit(
        "issuer/src/http/routes/grant-routes.ts",
        'await managing.authorise(context, request, "grant")',
        "await managing.authenticate(context)",
      ),
    ],
  },
  {
    row: "TM-712",
    edits: [
      edit(
        "shared/src/schemas/manifest.ts",
        "if (originOf(channelUrl) !== origin)",
        "if (originOf(channelUrl) === undefined)",
      ),
    ],
  },
  {
    row: "TM-713",
    edits: [
      edit(
        "host/src/apps/issuer-apps.ts",
        "assertOnOrigin(app, page);",
        'if (app.id === "") assertOnOrigin(app, page);',
      ),
    ],
  },
  {
    row: "TM-714",
    edits: [
      edit(
        "shared/src/schemas/manifest.ts",
        "z.strictObject({\n      url: webUrl.check",
        "z.looseObject({\n      url: webUrl.check",
      ),
    ],
  },
  {
    row: "TM-715",
    edits: [
      edit(
        "issuer/src/http/routes/app-routes.ts",
        "...app } = withoutChannels(whole);",
        "...app } = whole;",
      ),
    ],
  },
  {
    row: "TM-716",
    edits: [
      edit(
        "host/src/guests/mount-app.ts",
        "version: mount.version,",
        "version: { ...mount.version, version: guest.hello.documentId },",
      ),
    ],
  },
];
