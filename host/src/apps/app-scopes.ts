/** The scopes of an app in the session's tenant, as the issuer knows them, and how they grow. */
import { BridgeError, type AppScopes } from "@breezeway/shared";
import {
  appListResponseSchema,
  parseManifest,
  parseWith,
  scopesOfManifest,
  type RegisteredApp,
} from "@breezeway/shared/schemas";
import type { Clock } from "@breezeway/shared/channel";
import { decodeSessionToken } from "@breezeway/shared";
import type { TokenSource } from "@breezeway/shared/session";
import type { HostSession } from "../session/host-session.ts";
import type { IssuerClient } from "../session/issuer-client.ts";
import type { TokenRegistry } from "../tokens/token-registry.ts";

export interface KnownScopes extends AppScopes {
  /** The app as the issuer has it. */
  readonly app: RegisteredApp;
}

/** Every method rejects with SIGNED_OUT, OFFLINE or DENIED. */
export interface AppScopesClient {
  of(appId: string): Promise<KnownScopes>;
  /** Whether the user may decide for the tenant. */
  mayDecide(): Promise<boolean>;
  /** Resolves when tokens of the document have the scopes, as far as its user has them. */
  grant(appId: string, scopes: readonly string[], tokens: Pick<TokenSource, "get">): Promise<void>;
  /** Leaves the wish to an administrator. */
  wish(appId: string, scopes: readonly string[]): Promise<void>;
}

export interface AppScopesDeps {
  readonly client: Pick<IssuerClient, "apps" | "ask">;
  readonly session: HostSession;
  readonly tokens: Pick<TokenRegistry, "reset">;
  readonly clock: Clock;
}

/** Another process of the issuer learns of the grant within half a second, and may mint before. */
const MINTS = 5;
const MINT_PAUSE_MS = 300;

export function createAppScopes({
  client,
  session,
  tokens,
  clock,
}: AppScopesDeps): AppScopesClient {
  const request = async (appId: string, scopes: readonly string[]) => {
    await session.ready;
    if (!session.current) throw new BridgeError("SIGNED_OUT", "Nobody is signed in.");
    return { appId, tenantId: session.current.tenantId, scopes };
  };

  const pause = (): Promise<void> =>
    new Promise((resolve) => void clock.setTimer(resolve, MINT_PAUSE_MS));

  return {
    async of(appId) {
      const source = "GET /apps";
      const { body } = (await client.apps()) ?? {};
      const { apps } = parseWith(appListResponseSchema, body, { code: "OFFLINE", source });
      for (const { manifest, granted } of apps) {
        const app = parseManifest(manifest, source);
        if (app.id !== appId) continue;
        const { scopes: required, optionalScopes: optional } = app;
        // `null`: this issuer needs no consent.
        return { app, granted: granted ?? scopesOfManifest(app), required, optional };
      }
      throw new BridgeError("DENIED", `The tenant cannot use ${appId}.`);
    },
    async mayDecide() {
      try {
        await client.ask("GET", "/installations/grants");
        return true;
      } catch (error) {
        if (BridgeError.is(error) && error.code === "DENIED") return false;
        throw error;
      }
    },
    async grant(appId, scopes, { get }) {
      const body = { ...(await request(appId, scopes)), add: true };
      await client.ask("POST", "/installations/grant", body);
      const ofUser = session.current?.scopes ?? [];
      const expected = scopes.filter((scope) => ofUser.includes(scope));
      for (let mint = 1; mint <= MINTS; mint += 1) {
        tokens.reset(true);
        const has = scopesOf((await get()).token);
        if (expected.every((scope) => has.includes(scope))) return;
        if (mint < MINTS) await pause();
      }
    },
    async wish(appId, scopes) {
      await client.ask("POST", "/installations/wish", await request(appId, scopes));
    },
  };
}

function scopesOf(token: string): readonly string[] {
  const { scope } = decodeSessionToken(token).claims;
  return typeof scope === "string" ? scope.split(" ") : [];
}
