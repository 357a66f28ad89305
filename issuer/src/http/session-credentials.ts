/**
 * How a request presents its session, and how the answer returns the next secret: by cookie for pages,
 * by the header `X-Breezeway-Session` for programs that keep their own session (`nativeSessions`).
 *
 * [SC-1] A request uses one of the two, never both: an attacker who can add one must not choose the
 *        session.
 * [SC-2] The header is refused unless `nativeSessions` is on, and refused from pages (`Origin`,
 *        `Sec-Fetch-*`): a script that holds a session secret defeats the `HttpOnly` cookie. Only
 *        `Sec-Fetch-Mode` may stand alone, since Node's own `fetch` sends it; a browser never sends it
 *        without `Sec-Fetch-Site`.
 * [SC-3] The answer uses the transport of its request. Secrets never change their transport.
 */
import { BridgeError } from "@breezeway/shared";
import { NEW_SESSION, SESSION_HEADER } from "@breezeway/shared/schemas";
import type { OpenedSession } from "../sessions/session-service-deps.ts";
import { cookieFor, type CookieForDeps } from "./session-cookie.ts";

export interface SessionCredentials {
  /**
   * The secret that the request presents, or `undefined` when it presents none.
   *
   * @throws {BridgeError} DUPLICATE_CREDENTIALS, CSRF_REJECTED, REQUEST_MALFORMED
   */
  read(request: Request): string | undefined;
  /** Headers that give the client the secret of a session which was just opened or rotated. */
  opened(request: Request, opened: OpenedSession): Readonly<Record<string, string>>;
  /** Headers that make the client forget its secret. */
  closed(request: Request): Readonly<Record<string, string>>;
}

export interface SessionCredentialsDeps extends CookieForDeps {
  readonly nativeSessions: boolean;
}

export function createSessionCredentials(deps: SessionCredentialsDeps): SessionCredentials {
  const { cookie, nativeSessions } = deps;

  /** The header's value, once the request may use the header at all. */
  const native = ({ headers }: Request): string | undefined => {
    const value = headers.get(SESSION_HEADER);
    if (value === null) return undefined;
    if (!nativeSessions) {
      throw malformed(`${SESSION_HEADER}: this issuer does not accept it (option nativeSessions).`);
    }
    if (headers.has("cookie")) {
      throw new BridgeError(
        "DUPLICATE_CREDENTIALS",
        `The request has both ${SESSION_HEADER} and a cookie. Send one of them.`,
      );
    }
    if (isFromPage(headers)) {
      throw new BridgeError("CSRF_REJECTED", `A page must not send ${SESSION_HEADER}.`);
    }
    return value;
  };

  return {
    read: (request) => {
      const value = native(request);
      if (value === undefined) return cookie.read(request.headers.get("cookie"));
      return value === NEW_SESSION ? undefined : value;
    },
    opened: (request, opened) =>
      native(request) === undefined
        ? { "set-cookie": cookieFor(deps, opened) }
        : { [SESSION_HEADER]: opened.cookieValue },
    closed: (request) => (native(request) === undefined ? { "set-cookie": cookie.clear } : {}),
  };
}

function isFromPage(headers: Headers): boolean {
  if (headers.has("origin")) return true;
  for (const name of headers.keys()) {
    if (name.startsWith("sec-fetch-") && name !== "sec-fetch-mode") return true;
  }
  return false;
}

function malformed(message: string): BridgeError {
  return new BridgeError("REQUEST_MALFORMED", message);
}
