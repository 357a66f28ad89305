/** Sign-in without a password, for development. Refused in production. */
import { BridgeError, isLoopbackHost } from "@breezeway/shared";
import { devLoginRequestSchema } from "@breezeway/shared/schemas";
import type { Endpoint, EndpointDeps } from "../http/context.ts";
import { readJson } from "../http/read-json.ts";
import { json } from "../http/respond.ts";
import { cookieFor } from "../http/routes/session-routes.ts";
import { toSummary, type Claims, type TenantAccess } from "../sessions/session-record.ts";

export interface DevUser {
  readonly id: string;
  readonly name: string;
  /** Tenants that the user belongs to, with the user's scopes in each. */
  readonly tenants: Readonly<Record<string, TenantAccess>>;
  readonly claims?: Claims;
}

export interface DevLoginOptions {
  readonly users: readonly DevUser[];
}

/**
 * A server that forgot to say that it is one in production must not let everybody in either.
 *
 * @throws {BridgeError} CONFIG_INVALID in production, and beyond this machine unless the environment
 *   is for development
 */
export function assertDevLoginAllowed(environment: string | undefined, issuer: URL): void {
  if (environment === "production") {
    throw new BridgeError(
      "CONFIG_INVALID",
      "devLogin: signs in anybody without a password and is refused when NODE_ENV is production.",
    );
  }
  const isForDevelopment = environment === "development" || environment === "test";
  if (!isForDevelopment && !isLoopbackHost(issuer.hostname)) {
    throw new BridgeError(
      "CONFIG_INVALID",
      `devLogin: signs in anybody without a password; ${issuer.hostname} is not this machine, so it needs NODE_ENV=development.`,
    );
  }
}

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
      async handle({ request, requestId, address }) {
        await deps.limits.login(address);
        const { userId, tenantId } = await readJson(request, devLoginRequestSchema);
        const user = byId.get(userId);
        const isMember = user && Object.hasOwn(user.tenants, tenantId);
        if (!user || !isMember) {
          deps.audit({ event: "login.failed", reason: user ? "tenant" : "user", requestId });
          throw user
            ? new BridgeError("TENANT_NOT_ALLOWED", "The user does not belong to this tenant.")
            : new BridgeError("USER_UNKNOWN", "There is no user of this id.");
        }
        const before = deps.cookie.read(request.headers.get("cookie"));
        await deps.sessions.endByCookie(before, "signed-in-again", { requestId });
        const session = await deps.sessions.create(
          {
            userId,
            tenantId,
            tenants: user.tenants,
            claims: user.claims ?? {},
            data: { name: user.name },
          },
          { requestId },
        );
        deps.audit({
          event: "login.succeeded",
          sub: userId,
          tenant: tenantId,
          sid: session.record.handle,
          requestId,
        });
        return json(toSummary(session.record), { "set-cookie": cookieFor(deps, session) });
      },
    },
  ];
}
