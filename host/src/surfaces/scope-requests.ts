/**
 * Scopes that an app asks for at run time.
 *
 * [SC-1] An app can ask only for scopes of its manifest, and the dialog shows only those that it lacks, in the
 *        registry's words. The app supplies no text.
 * [SC-2] The dialog has the rules of every dialog: user activation, one on the page, a token bucket per app.
 * [SC-3] The issuer decides who may decide. A host that is mistaken about it changes nothing.
 */
import { BridgeError, type AppScopes, type ScopeAnswer } from "@breezeway/shared";
import type { IncomingCall } from "@breezeway/shared/channel";
import { labelText, type RegisteredApp } from "@breezeway/shared/schemas";
import type { TokenSource } from "@breezeway/shared/session";
import type { AppScopesClient, KnownScopes } from "../apps/app-scopes.ts";
import { exclusively, notOffered, type AssertAllowed } from "./dialogs.ts";
import type { HostUi, ScopeText } from "./host-ui.ts";

export interface ScopesCaller {
  readonly app: RegisteredApp;
  /** With which the requests of the document that asks are sent. */
  readonly tokens: Pick<TokenSource, "get">;
}

export interface ScopeRequests {
  query(app: RegisteredApp, call: IncomingCall): Promise<AppScopes>;
  request(caller: ScopesCaller, asked: readonly string[], call: IncomingCall): Promise<ScopeAnswer>;
}

export interface ScopeRequestsDeps {
  readonly ui: HostUi;
  readonly locale: () => string;
  readonly scopes: AppScopesClient;
  readonly isUserActive: (call: IncomingCall) => boolean;
  readonly assertAllowed: AssertAllowed;
}

export function createScopeRequests(deps: ScopeRequestsDeps): ScopeRequests {
  const { ui, locale, scopes, isUserActive, assertAllowed } = deps;

  return {
    async query(app, call) {
      assertAllowed("queryScopes", app, call);
      const { granted, required, optional } = await scopes.of(app.id);
      return { granted, required, optional };
    },
    async request({ app, tokens }, asked, call) {
      if (!ui.requestScopes) throw notOffered("requests for scopes");
      // Asking the issuer takes a moment, in which the activation may end.
      const wasActive = isUserActive(call);
      assertAllowed("queryScopes", app, call);
      const known = await scopes.of(app.id);
      assertListed(known, asked);
      const missing = asked.filter((scope) => !known.granted.includes(scope));
      if (missing.length === 0) return "granted";
      const answer = await exclusively(call, async ({ signal }) => {
        assertAllowed("requestScopes", app, call, wasActive);
        const mayDecide = await scopes.mayDecide();
        const texts = missing.map((scope) => textOf(known.app, scope, locale()));
        const isYes = await ui.requestScopes?.({ app, scopes: texts, mayDecide, signal });
        return { isYes: isYes === true && !signal.aborted, mayDecide };
      });
      if (!answer?.isYes) return "declined";
      if (answer.mayDecide) {
        await scopes.grant(app.id, missing, tokens);
        return "granted";
      }
      await scopes.wish(app.id, missing);
      return "asked-admin";
    },
  };
}

function assertListed({ app, required, optional }: KnownScopes, asked: readonly string[]): void {
  const unknown = asked.find((scope) => !required.includes(scope) && !optional.includes(scope));
  if (unknown === undefined) return;
  throw new BridgeError(
    "CALL_ARGUMENTS_INVALID",
    `"requestScopes": scopes: the manifest of ${app.id} does not list ${unknown}.`,
  );
}

function textOf({ scopeLabels = {} }: RegisteredApp, scope: string, locale: string): ScopeText {
  const label = Object.hasOwn(scopeLabels, scope) ? scopeLabels[scope] : undefined;
  return { scope, label: label === undefined ? scope : labelText(label, locale) };
}
