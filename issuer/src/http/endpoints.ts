/** The route table of an issuer: every endpoint that its options switch on. */
import type { ClockWatch } from "@breezeway/shared/schemas";
import type { FeedLiveness } from "../changes/feed-liveness.ts";
import type { RevocationFeed } from "../changes/revocation-feed.ts";
import type { GrantService } from "../grants/grant-service.ts";
import type { TenantGrants } from "../grants/tenant-grants.ts";
import type { InstallationService } from "../installations/installation-service.ts";
import type { IssuerSettings } from "../issuer-settings.ts";
import type { KeyRing } from "../keys/key-ring.ts";
import { devLoginRoutes } from "../login/dev-login.ts";
import { createLoginAttempts } from "../login/login-attempts.ts";
import { oidcLoginRoutes } from "../login/oidc-login.ts";
import type { StoreProbe } from "../store/store-probe.ts";
import type { Endpoint } from "./context.ts";
import type { InstalledApps } from "../installations/installed-apps.ts";
import { appRoutes } from "./routes/app-routes.ts";
import { deviceRoutes } from "./routes/device-routes.ts";
import { grantRoutes } from "./routes/grant-routes.ts";
import { installationRoutes } from "./routes/installation-routes.ts";
import { createManaging, type ManagingDeps } from "./routes/managing.ts";
import { publicRoutes } from "./routes/public-routes.ts";
import { revocationRoutes } from "./routes/revocation-routes.ts";
import { sessionEventsRoutes, type SessionEventsDeps } from "./routes/session-events-routes.ts";
import { sessionRoutes } from "./routes/session-routes.ts";
import { createSessionCookie } from "./session-cookie.ts";

export interface EndpointsDeps extends SessionEventsDeps {
  readonly settings: Pick<
    IssuerSettings,
    "url" | "devLogin" | "oidc" | "installations" | "feedSecrets" | "onError"
  >;
  readonly keys: KeyRing;
  readonly feed: RevocationFeed;
  readonly liveness: FeedLiveness;
  readonly probe: StoreProbe;
  readonly clockWatch: Pick<ClockWatch, "hasJumped">;
  /** Absent without the option `installations`. */
  readonly installations: InstallationService | undefined;
  /** Absent when apps get tokens without an installation. */
  readonly installedApps: InstalledApps | undefined;
  readonly grants: GrantService;
  /** Absent when nobody needs to agree to an app's scopes. */
  readonly tenantGrants: TenantGrants | undefined;
}

export function createEndpoints(deps: EndpointsDeps): readonly Endpoint[] {
  const { settings, installations } = deps;
  const { url, onError } = settings;
  return [
    ...sessionRoutes(deps),
    ...deviceRoutes(deps),
    ...sessionEventsRoutes(deps),
    ...publicRoutes(deps),
    ...appRoutes({
      ...deps,
      secrets: settings.feedSecrets,
      mayManage: settings.installations?.mayManage,
    }),
    ...revocationRoutes({ ...deps, secrets: settings.feedSecrets }),
    ...(installations && settings.installations
      ? managedRoutes(deps, { installations, mayManage: settings.installations.mayManage })
      : []),
    ...(settings.devLogin ? devLoginRoutes(settings.devLogin, deps) : []),
    ...(settings.oidc
      ? oidcLoginRoutes(settings.oidc, {
          ...deps,
          issuer: url,
          onError,
          attempts: createLoginAttempts(deps.store),
          sessionCookie: createSessionCookie(url),
          loginCookie: createSessionCookie(url, "breezeway-login"),
        })
      : []),
  ];
}

function managedRoutes(
  deps: EndpointsDeps,
  {
    installations,
    mayManage,
  }: Pick<ManagingDeps, "mayManage"> & { installations: InstallationService },
): readonly Endpoint[] {
  const managing = createManaging({ ...deps, mayManage });
  return [
    ...installationRoutes({ ...deps, installations, managing }),
    ...grantRoutes({ ...deps, managing }),
  ];
}
