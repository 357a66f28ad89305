/** `POST /login/dev`: sign-in without a password, for development. */
import { BridgeError } from "@breezeway/shared";
import { devLoginRequestSchema } from "@breezeway/shared/schemas";
import { clientOf, type Endpoint, type EndpointDeps } from "../http/context.ts";
import { readJson } from "../http/read-json.ts";
import { json } from "../http/respond.ts";
import { toSummary } from "../sessions/session-record.ts";
import type { DevLoginOptions } from "./dev-login-options.ts";

export function devLoginRoutes(
  { users }: DevLoginOptions,
  deps: EndpointDeps,
): readonly Endpoint[] {
  const byId = new Map(users.map((user) => [user.id, user]));
  return [
    {
      method: "POST",
      path: "/login/dev",
      guard: "change",
      handle: async (context) => {
        const { request, requestId, address } = context;
        await deps.limits.login(address);
        const before = deps.credentials.read(request);
        const { userId, tenantId } = await readJson(request, devLoginRequestSchema);
        const user = byId.get(userId);
        const isMember = user && Object.hasOwn(user.tenants, tenantId);
        if (!user || !isMember) {
          deps.audit({ event: "login.failed", reason: user ? "tenant" : "user", requestId });
          throw user
            ? new BridgeError("TENANT_NOT_ALLOWED", "The user does not belong to this tenant.")
            : new BridgeError("USER_UNKNOWN", "devLogin has no user with this id.");
        }
        await deps.sessions.endByCookie(before, "signed-in-again", { requestId });
        const session = await deps.sessions.create(
          {
            userId,
            tenantId,
            tenants: user.tenants,
            claims: user.claims ?? {},
            data: { name: user.name },
          },
          { requestId, client: clientOf(context) },
        );
        deps.audit({
          event: "login.succeeded",
          sub: userId,
          tenant: tenantId,
          sid: session.record.handle,
          requestId,
        });
        return json(toSummary(session.record), deps.credentials.opened(request, session));
      },
    },
  ];
}
