/** The route table of an issuer: every endpoint that its options call for. */
import type { FeedLiveness } from "../changes/feed-liveness.ts";
import type { RevocationFeed } from "../changes/revocation-feed.ts";
import type { InstallationService } from "../installations/installations.ts";
import type { KeyRing } from "../keys/key-ring.ts";
import { devLoginRoutes } from "../login/dev-login.ts";
import { createLoginAttempts } from "../login/login-attempts.ts";
import { oidcLoginRoutes } from "../login/oidc-login.ts";
import type { CheckedOptions, IssuerOptions } from "../options.ts";
import type { Endpoint } from "./context.ts";
import { createSessionCookie } from "./cookies.ts";
import { installationRoutes } from "./routes/installation-routes.ts";
import { publicRoutes } from "./routes/public-routes.ts";
import { revocationRoutes } from "./routes/revocation-routes.ts";
import { sessionEventsRoutes, type SessionEventsDeps } from "./routes/session-events-routes.ts";
import { sessionRoutes } from "./routes/session-routes.ts";

export interface EndpointsDeps extends SessionEventsDeps {
  readonly options: Pick<IssuerOptions, "devLogin" | "installations" | "oidc" | "revocations">;
  readonly checked: Pick<CheckedOptions, "url" | "onError">;
  readonly keys: KeyRing;
  readonly feed: RevocationFeed;
  readonly liveness: FeedLiveness;
  /** @throws when the store cannot be reached */
  readonly probeStore: () => Promise<void>;
  /** Absent without the option. */
  readonly installations: InstallationService | undefined;
}

export function createEndpoints(deps: EndpointsDeps): readonly Endpoint[] {
  const { options, checked, installations } = deps;
  return [
    ...sessionRoutes(deps),
    ...sessionEventsRoutes(deps),
    ...publicRoutes(deps),
    ...revocationRoutes({ ...deps, secrets: options.revocations?.secrets ?? [] }),
    ...(installations && options.installations
      ? installationRoutes({ ...deps, installations, mayManage: options.installations.mayManage })
      : []),
    ...(options.devLogin ? devLoginRoutes(options.devLogin, deps) : []),
    ...(options.oidc
      ? oidcLoginRoutes(options.oidc, {
          ...deps,
          issuer: checked.url,
          onError: checked.onError,
          attempts: createLoginAttempts(deps.store),
          loginCookie: createSessionCookie(checked.url, "breezeway-login"),
        })
      : []),
  ];
}
