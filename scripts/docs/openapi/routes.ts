/** The route table of an issuer with every option, without the issuer: nothing is ever asked of it. */
import { createEndpoints, type EndpointsDeps } from "../../../issuer/src/http/endpoints.ts";
import type { Endpoint } from "../../../issuer/src/http/context.ts";

export type Route = Pick<Endpoint, "method" | "path" | "guard">;

export function issuerRoutes(): readonly Route[] {
  const deps = {
    settings: {
      url: new URL("https://shell.example/auth"),
      devLogin: { users: [] },
      installations: {},
      oidc: { provider: "https://login.example", clientId: "breezeway", mapUser: () => undefined },
      feedSecrets: ["a secret"],
      onError: () => undefined,
    },
    installations: {},
    store: {},
  };
  return createEndpoints(deps as unknown as EndpointsDeps);
}
