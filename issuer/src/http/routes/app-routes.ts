/**
 * The apps: `GET /apps` for the host page, `GET /registry` for gateways. Each answer has an ETag, so that a reader
 * that asks again after a change elsewhere gets 304 (RFC 9110, section 13.1.2).
 *
 * `/registry` names all apps and the tenants in which they are suspended, so it exists only with
 * `revocations.secrets`.
 */
import { createHash } from "node:crypto";
import {
  withoutChannels,
  type RegisteredApp,
  type RegistryChannels,
} from "@breezeway/shared/schemas";
import type { AppCatalog } from "../../apps/app-catalog.ts";
import { suspensionsOf } from "../../apps/app-info.ts";
import type { TenantGrants } from "../../grants/tenant-grants.ts";
import type { InstallationOptions } from "../../installations/installation-options.ts";
import type { InstalledApps } from "../../installations/installed-apps.ts";
import { toInfo, type SessionRecord } from "../../sessions/session-record.ts";
import { noneIfUnauthenticated } from "../../sessions/unauthenticated.ts";
import type { Endpoint, EndpointDeps } from "../context.ts";
import { PREFERENCE, prefersNull } from "../prefer-null.ts";
import { createReaderCheck } from "../feed-reader.ts";
import { jsonText, notModified } from "../respond.ts";

export interface AppRoutesDeps extends Pick<
  EndpointDeps,
  "apps" | "sessions" | "credentials" | "readLog"
> {
  /** Bearer secrets of the feed's readers. */
  readonly secrets: readonly string[];
  /** Absent when apps get tokens without an installation. */
  readonly installedApps: InstalledApps | undefined;
  /** Absent when nobody needs to agree to an app's scopes. */
  readonly tenantGrants: TenantGrants | undefined;
  readonly mayManage: InstallationOptions["mayManage"];
}

interface Text {
  readonly json: string;
  readonly tag: string;
}

/** One manifest is sent to very many pages, so its text and the text's hash are made once. */
function textOnce(contentOf: (app: RegisteredApp) => unknown): (app: RegisteredApp) => Text {
  const known = new WeakMap<RegisteredApp, Text>();
  return (app) => {
    let text = known.get(app);
    if (!text) {
      const content = JSON.stringify(contentOf(app));
      text = { json: content, tag: hashOf(content) };
      known.set(app, text);
    }
    return text;
  };
}

const wholeText = textOnce(withoutChannels);
/** The addresses of an app's backend are the operator's, and so are channels of other tenants. */
const publicText = textOnce((whole) => {
  const { lifecycle, ...app } = withoutChannels(whole);
  return lifecycle?.setupUrl === undefined
    ? app
    : { ...app, lifecycle: { setupUrl: lifecycle.setupUrl } };
});

export function appRoutes(deps: AppRoutesDeps): readonly Endpoint[] {
  const { apps, sessions, credentials, readLog, secrets, tenantGrants } = deps;
  const assertReader = createReaderCheck(secrets);

  const tenantApps: Endpoint = {
    method: "GET",
    path: "/apps",
    guard: "read",
    handle: async (context) => {
      const { headers } = context.request;
      const isQuestion = prefersNull(headers);
      const secret = credentials.read(context.request);
      // A page asks after it learned of a change, maybe at another process.
      if (secret !== undefined) await readLog();
      const found = sessions.authenticate(secret, context);
      const record = await (isQuestion ? found.catch(noneIfUnauthenticated) : found);
      if (!record) return listed(headers, [], { "preference-applied": PREFERENCE });
      await apps.settled();
      const { catalog } = apps;
      const { tenantId } = record;
      const parts: Text[] = [];
      for (const app of await visibleApps(deps, record)) {
        const reason = catalog.suspension(app.id, tenantId);
        const granted = await tenantGrants?.of({ appId: app.id, tenantId });
        const state = {
          page: catalog.version(app, tenantId),
          suspended: reason === undefined ? null : { reason },
          granted: granted ? [...granted] : null,
        };
        parts.push(part(publicText(app), state));
      }
      return listed(headers, parts);
    },
  };
  const registry: Endpoint = {
    method: "GET",
    path: "/registry",
    guard: "none",
    handle: async ({ request }) => {
      assertReader(request.headers);
      await readLog();
      await apps.settled();
      const { catalog } = apps;
      const parts = catalog.all.map((app) =>
        part(wholeText(app), {
          suspensions: suspensionsOf(catalog.stored(app.id).suspensions),
          channels: channelsOf(catalog, app),
        }),
      );
      return listed(request.headers, parts);
    },
  };
  return secrets.length > 0 ? [tenantApps, registry] : [tenantApps];
}

/** For the gateway's telemetry. `undefined` for an app without channels. */
function channelsOf(catalog: AppCatalog, app: RegisteredApp): RegistryChannels | undefined {
  if (!app.channels) return undefined;
  const { tenants, rollOut = null } = catalog.stored(app.id).placements;
  return {
    versions: app.channels,
    tenants: [...tenants].map(([tenantId, channel]) => ({ tenantId, channel })),
    rollOut,
  };
}

/** Who may manage installations sees what could be installed, everybody else what is. */
async function visibleApps(
  { apps, installedApps, mayManage }: AppRoutesDeps,
  record: SessionRecord,
): Promise<readonly RegisteredApp[]> {
  const { all } = apps.catalog;
  if (!installedApps) return all;
  const verdict: unknown = await mayManage?.({ session: toInfo(record), action: "list" });
  if (verdict === true) return all;
  const { tenantId } = record;
  const visible: RegisteredApp[] = [];
  for (const app of all) {
    if (await installedApps.admits({ appId: app.id, tenantId })) visible.push(app);
  }
  return visible;
}

function part({ json: manifest, tag }: Text, state: object): Text {
  const text = JSON.stringify(state).slice(1);
  return { json: `{"manifest":${manifest},${text}`, tag: `${tag} ${text}` };
}

function listed(
  headers: Headers,
  parts: readonly Text[],
  more: Readonly<Record<string, string>> = {},
): Response {
  const etag = `"${hashOf(parts.map(({ tag }) => tag).join("\n"))}"`;
  if (headers.get("if-none-match") === etag) return notModified({ etag });
  return jsonText(`{"apps":[${parts.map((each) => each.json).join(",")}]}`, { etag, ...more });
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
