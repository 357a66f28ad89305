/**
 * `/connections`: a tenant's administrator connects apps, from the host's page. The tenant is the
 * session's active one; the page names it too, so that one that does not know of a switch in another
 * tab does not change the wrong one.
 */
import { BridgeError } from "@breezeway/shared";
import {
  connectionRequestSchema,
  type Connection,
  type ConnectionListResponse,
  type ConnectionResponse,
  type RegisteredApp,
} from "@breezeway/shared/schemas";
import type { ConnectionCommand } from "../../connections/connection-machine.ts";
import type { ConnectionAction, ConnectionOptions } from "../../connections/connection-options.ts";
import type { ConnectionService } from "../../connections/connections.ts";
import { toInfo, type SessionRecord } from "../../sessions/session-record.ts";
import { findApp } from "../../tokens/mint-audited.ts";
import type { Endpoint, EndpointDeps, RequestContext } from "../context.ts";
import { readJson } from "../read-json.ts";
import { json } from "../respond.ts";

export interface ConnectionRoutesDeps extends Pick<
  EndpointDeps,
  "apps" | "sessions" | "cookie" | "limits"
> {
  readonly connections: ConnectionService;
  readonly mayManage: ConnectionOptions["mayManage"];
}

const COMMANDS: readonly (readonly [path: string, command: ConnectionCommand])[] = [
  ["/connections/connect", "connect"],
  ["/connections/disconnect", "disconnect"],
  ["/connections/retry", "retry"],
  ["/connections/setup-completed", "complete-setup"],
];

export function connectionRoutes(deps: ConnectionRoutesDeps): readonly Endpoint[] {
  const { sessions, cookie, apps, limits, connections, mayManage } = deps;

  async function authenticate(context: RequestContext): Promise<SessionRecord> {
    const { headers } = context.request;
    const record = await sessions.authenticate(cookie.read(headers.get("cookie")), context);
    const { userId: sub, tenantId: tenant, handle: sid } = record;
    Object.assign(context.subject, { sub, tenant, sid });
    return record;
  }

  async function assertMayManage(
    record: SessionRecord,
    action: ConnectionAction,
    app?: RegisteredApp,
  ): Promise<void> {
    // Anything but `true` is a refusal: a hook that forgets to return lets nobody in.
    const verdict: unknown = await mayManage?.({ session: toInfo(record), action, app });
    if (verdict === true) return;
    throw new BridgeError("SCOPE_MISSING", "This session may not manage apps.");
  }

  function answer(connection: Connection | undefined): Response {
    const body: ConnectionResponse = { connection: connection ?? null };
    return json(body);
  }

  return [
    {
      method: "GET",
      path: "/connections",
      guard: "read",
      async handle(context) {
        const record = await authenticate(context);
        await assertMayManage(record, "list");
        const body: ConnectionListResponse = {
          connections: await connections.listForTenant(record.tenantId),
        };
        return json(body);
      },
    },
    ...COMMANDS.map(([path, command]): Endpoint => ({
      method: "POST",
      path,
      guard: "change",
      async handle(context) {
        const { appId, tenantId } = await readJson(context.request, connectionRequestSchema);
        const record = await authenticate(context);
        if (tenantId !== record.tenantId) {
          throw new BridgeError("TENANT_MISMATCH", "The session is in another tenant.");
        }
        const app = findApp(apps, appId);
        context.subject.app = app.id;
        await assertMayManage(record, command, app);
        await limits.connection(tenantId, command);
        const actor = { ...context.subject, requestId: context.requestId };
        return answer(await connections.run(command, { appId, tenantId }, actor));
      },
    })),
  ];
}
