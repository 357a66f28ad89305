/**
 * Sign-in at an OpenID provider: authorization code with PKCE (RFC 7636), state and nonce, through
 * openid-client. The store keeps the attempt, so that another issuer process can finish it. A cookie
 * binds the attempt to the browser, and the attempt works once.
 */
import { BridgeError, toProblem } from "@breezeway/shared";
import {
  clientOf,
  type Endpoint,
  type EndpointDeps,
  type RequestContext,
} from "../http/context.ts";
import { cookieFor, type SessionCookie } from "../http/session-cookie.ts";
import { createSecret, parseSecret } from "../sessions/session-secret.ts";
import { ATTEMPT_SECONDS, type LoginAttempts } from "./login-attempts.ts";
import type { OidcOptions } from "./oidc-options.ts";
import { createOidcClient } from "./oidc-client.ts";

export interface OidcLoginDeps extends EndpointDeps {
  readonly issuer: URL;
  readonly attempts: LoginAttempts;
  readonly loginCookie: SessionCookie;
  readonly sessionCookie: SessionCookie;
  /** Receives failures whose cause users do not see. */
  readonly onError: (error: unknown, requestId: string) => void;
}

export function oidcLoginRoutes(options: OidcOptions, deps: OidcLoginDeps): readonly Endpoint[] {
  const { issuer, attempts, loginCookie, sessionCookie, clock, limits } = deps;
  const callbackUrl = `${issuer.href}/login/callback`;
  const client = createOidcClient(options, { callbackUrl, clock });

  async function begin({ request, url, address }: RequestContext): Promise<Response> {
    assertWholePage(request.headers);
    await limits.login(address);
    const returnTo = checkReturnTo(url.searchParams.get("returnTo"), issuer);
    const { authorizationUrl, checks } = await client.begin();
    const secret = createSecret();
    await attempts.add({
      ...checks,
      idHash: secret.secretHash,
      returnTo,
      expiresAtMs: clock.now() + ATTEMPT_SECONDS * 1_000,
    });
    return redirect(authorizationUrl.href, [loginCookie.set(secret.cookieValue, ATTEMPT_SECONDS)]);
  }

  async function finish(context: RequestContext): Promise<Response> {
    const { request, url, requestId, address } = context;
    await limits.login(address);
    const cookies = request.headers.get("cookie");
    const presented = parseSecret(loginCookie.read(cookies) ?? "");
    const attempt = presented && (await attempts.take(presented.secretHash, clock.now()));
    if (!attempt) {
      throw new BridgeError(
        "LOGIN_FAILED",
        "The sign-in was started in another browser, or more than 10 minutes ago. Start again.",
      );
    }
    const identity = await client.finish(new URL(callbackUrl + url.search), attempt);
    const user = await options.mapUser(identity);
    if (!user) throw new BridgeError("LOGIN_FAILED", "mapUser refused the user.");
    await deps.sessions.endByCookie(sessionCookie.read(cookies), "signed-in-again", { requestId });
    const session = await deps.sessions.create(user, {
      requestId,
      client: clientOf(context),
    });
    const { userId, tenantId, handle } = session.record;
    deps.audit({ event: "login.succeeded", sub: userId, tenant: tenantId, sid: handle, requestId });
    return redirect(attempt.returnTo, [
      cookieFor({ ...deps, cookie: sessionCookie }, session),
      loginCookie.clear,
    ]);
  }

  /** A user sees this answer, so a failure redirects to the failure page if there is one. */
  async function orFailurePage(
    context: RequestContext,
    step: (context: RequestContext) => Promise<Response>,
  ): Promise<Response> {
    try {
      return await step(context);
    } catch (error) {
      const { requestId } = context;
      const reason = BridgeError.is(error) ? error.reason : "internal-error";
      deps.audit({ event: "login.failed", reason, requestId });
      if (options.failurePath === undefined) throw error;
      if (toProblem(error, { requestId }).status >= 500) deps.onError(error, requestId);
      const target = new URL(options.failurePath, issuer);
      target.searchParams.set("reason", reason);
      return redirect(target.pathname + target.search, [loginCookie.clear]);
    }
  }

  return [
    {
      method: "GET",
      path: "/login",
      guard: "none",
      handle: (context) => orFailurePage(context, begin),
    },
    {
      method: "GET",
      path: "/login/callback",
      guard: "none",
      handle: (context) => orFailurePage(context, finish),
    },
  ];
}

/**
 * A path of the issuer's origin. Anything that a browser could read as another host is refused, since
 * an open redirect after a sign-in serves phishing.
 *
 * @throws {BridgeError} REQUEST_MALFORMED
 */
export function checkReturnTo(returnTo: string | null, issuer: URL): string {
  if (returnTo === null || returnTo === "") return "/";
  const isPath = /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(returnTo);
  if (!isPath || returnTo.length > 2_048 || new URL(returnTo, issuer).origin !== issuer.origin) {
    throw new BridgeError("REQUEST_MALFORMED", "returnTo: must be a path of this origin.");
  }
  return returnTo;
}

/**
 * An image or a frame of another page must not start sign-ins, which would use up the limit of the
 * address. Old browsers and other clients send no `Sec-Fetch-Dest`.
 *
 * @throws {BridgeError} CSRF_REJECTED
 */
function assertWholePage(headers: Headers): void {
  const destination = headers.get("sec-fetch-dest");
  if (destination === null || destination === "document") return;
  throw new BridgeError(
    "CSRF_REJECTED",
    "A sign-in must be opened as a page, not as a frame or an image (Sec-Fetch-Dest).",
  );
}

function redirect(location: string, cookies: readonly string[]): Response {
  const headers = new Headers({
    location,
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
  });
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(null, { status: 303, headers });
}
