/** What tenants grant to apps, and what users wish for, for the tests of a host. */
import { BridgeError, type ErrorCode } from "@breezeway/shared";
import type { Grant, GrantWish, SessionSummary } from "@breezeway/shared/schemas";

type Body = Readonly<Record<string, unknown>>;

export interface TestGrants {
  /** The scopes that an app has in the session's tenant. */
  of(appId: string): readonly string[];
  /**
   * The response to a request; `undefined` for any other path.
   *
   * @param refusal For requests of administrators.
   */
  answer(route: string, body: Body, refusal: ErrorCode | undefined): object | undefined;
}

export interface TestGrantsDeps {
  readonly nowSeconds: () => number;
  /** @throws {BridgeError} SESSION_MISSING */
  readonly session: () => SessionSummary;
}

export function createTestGrants({ nowSeconds, session }: TestGrantsDeps): TestGrants {
  let grants: readonly Grant[] = [];
  let wishes: readonly GrantWish[] = [];

  const ofTenant = <T extends { readonly tenantId: string }>(all: readonly T[]): readonly T[] =>
    all.filter(({ tenantId }) => tenantId === session().tenantId);
  const of = (appId: string): readonly string[] =>
    ofTenant(grants).find((grant) => grant.appId === appId)?.scopes ?? [];

  const grant = (appId: string, scopes: readonly string[], add: boolean): Grant => {
    const { tenantId, userId: actor } = session();
    const next: Grant = {
      appId,
      tenantId,
      scopes: add ? [...new Set([...of(appId), ...scopes])] : scopes,
      appRevision: 0,
      actor,
      changedAtSeconds: nowSeconds(),
    };
    const isOther = (each: Grant | GrantWish): boolean =>
      each.appId !== appId || each.tenantId !== tenantId;
    grants = [...grants.filter(isOther), next].sort((a, b) => (a.appId < b.appId ? -1 : 1));
    if (!add) wishes = wishes.filter(isOther);
    return next;
  };

  const wish = (appId: string, asked: readonly string[]): GrantWish | null => {
    const { tenantId, userId } = session();
    const scopes = asked.filter((scope) => !of(appId).includes(scope));
    if (scopes.length === 0) return null;
    const next: GrantWish = { appId, tenantId, userId, scopes, wishedAtSeconds: nowSeconds() };
    wishes = [next, ...wishes];
    return next;
  };

  return {
    of,
    answer(route, body, refusal) {
      const appId = String(body["appId"]);
      const scopes = (body["scopes"] as readonly string[] | undefined) ?? [];
      switch (route) {
        case "POST /auth/installations/wish":
          return { wish: wish(appId, scopes) };
        case "GET /auth/installations/grants":
          assertMayDecide(refusal);
          return { grants: ofTenant(grants), wishes: ofTenant(wishes) };
        case "POST /auth/installations/grant":
          assertMayDecide(refusal);
          return { grant: grant(appId, scopes, body["add"] === true) };
        default:
          return undefined;
      }
    },
  };
}

function assertMayDecide(refusal: ErrorCode | undefined): void {
  if (refusal) throw new BridgeError(refusal, "The test made the issuer refuse this.");
}
