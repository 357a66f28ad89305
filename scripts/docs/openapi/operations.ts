/**
 * What each endpoint of the issuer takes and answers. Method, path and guard are the route table's.
 */
import type { ErrorReason } from "../../../shared/src/index.ts";

export interface Answer {
  readonly description: string;
  /** Name of the schema of its JSON body. */
  readonly json?: string;
  /** The name of the schema of its `application/jwk-set+json` body. */
  readonly jwks?: string;
  /** Names of the schemas of the data of its events. */
  readonly events?: Readonly<Record<string, string>>;
  /** The reasons of a problem. */
  readonly reasons?: readonly ErrorReason[];
  /** Names of headers, as in {@link HEADERS}. */
  readonly headers?: readonly string[];
}

export interface Parameter {
  readonly name: string;
  readonly in: "query" | "header";
  readonly description: string;
  readonly schema: object;
}

export interface Operation {
  readonly id: string;
  readonly summary: string;
  /** The option of the issuer without which the endpoint does not exist. */
  readonly option?: "devLogin" | "oidc" | "installations" | "revocations.secrets";
  readonly security?: "session" | "feed";
  readonly parameters?: readonly Parameter[];
  /** Name of the schema of the body. */
  readonly request?: string;
  /** By status. The answers of the guard, and those of every endpoint, are added. */
  readonly answers: Readonly<Record<number, Answer | readonly Answer[]>>;
}

export const HEADERS: Readonly<Record<string, { description: string; schema: object }>> = {
  "Set-Cookie": {
    description: "The session cookie. A program gets X-Breezeway-Session instead.",
    schema: { type: "string" },
  },
  "Retry-After": { description: "Seconds.", schema: { type: "integer", minimum: 0 } },
  "WWW-Authenticate": {
    description: "The challenge of RFC 6750, section 3.",
    schema: { type: "string", pattern: "^Bearer" },
  },
  "Cache-Control": { description: "", schema: { const: "public, max-age=300" } },
  "Access-Control-Allow-Origin": { description: "", schema: { const: "*" } },
  ETag: { description: "Names the present apps.", schema: { type: "string" } },
  Location: { description: "", schema: { type: "string", format: "uri-reference" } },
};

const NOT_MODIFIED: Answer = { description: "The reader has these apps.", headers: ["ETag"] };
const SESSION: Answer = { description: "The session.", json: "SessionSummary" };
const OPENED: Answer = { ...SESSION, headers: ["Set-Cookie"] };
const NO_SESSION: Answer = {
  description: "There is no session, or it has ended.",
  reasons: ["session-missing", "session-expired", "session-revoked", "refresh-reused"],
};
const BUSY: Answer = {
  description: "Too many requests rotate the secret at once.",
  reasons: ["overloaded"],
};
const BAD_HEADER: Answer = {
  description: "The session header is not allowed here, or not together with a cookie.",
  reasons: ["request-malformed", "duplicate-credentials"],
};
const BAD_BODY = {
  400: {
    description: "The body is malformed, or the session header is not allowed.",
    reasons: ["request-malformed", "duplicate-credentials"],
  },
  413: { description: "The body is larger than 16 384 bytes.", reasons: ["body-too-large"] },
} as const satisfies Operation["answers"];
const IF_NONE_MATCH: Parameter = {
  name: "If-None-Match",
  in: "header",
  description: "The ETag of the last answer.",
  schema: { type: "string" },
};
const PREFER: Parameter = {
  name: "Prefer",
  in: "header",
  description: "`signed-out=null`: 200 in place of 401, with nothing in it (RFC 7240).",
  schema: { type: "string" },
};
const LAST_EVENT_ID: Parameter = {
  name: "Last-Event-ID",
  in: "header",
  description: "The id of the last event that the reader has.",
  schema: { type: "string", pattern: "^\\d{1,15}$" },
};

const changesInstallation = (id: string, summary: string): Operation => ({
  id,
  summary,
  option: "installations",
  security: "session",
  request: "InstallationRequest",
  answers: {
    ...BAD_BODY,
    200: { description: "The installation.", json: "InstallationResponse" },
    401: NO_SESSION,
    403: {
      description: "The session may not do this.",
      reasons: [
        "scope-missing",
        "tenant-mismatch",
        ...(id === "uninstall" ? [] : (["app-suspended"] as const)),
      ],
    },
    404: { description: "The app is not registered.", reasons: ["app-unknown"] },
    ...(id === "install" || id === "completeSetup"
      ? { 409: { description: "The state does not allow it.", reasons: ["installation-conflict"] } }
      : {}),
  },
});

/** By method and path, in the order of the page. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  "GET /.well-known/jwks.json": {
    id: "keys",
    summary: "The public keys of session tokens",
    answers: {
      200: {
        description: "The keys.",
        jwks: "JwkSet",
        headers: ["Cache-Control", "Access-Control-Allow-Origin"],
      },
    },
  },
  "GET /session": {
    id: "session",
    summary: "The caller's session",
    security: "session",
    parameters: [PREFER],
    answers: {
      200: {
        description: "The session, or `null` where the request prefers it to 401.",
        json: "SessionOrNull",
      },
      400: BAD_HEADER,
      401: NO_SESSION,
    },
  },
  "POST /session/token": {
    id: "mintToken",
    summary: "Mints a session token for an app",
    security: "session",
    request: "TokenRequest",
    answers: {
      ...BAD_BODY,
      200: { description: "The token.", json: "TokenResponse" },
      401: NO_SESSION,
      403: {
        description: "The app is not installed, takes bound tokens only, or is suspended.",
        reasons: ["app-not-allowed", "app-suspended"],
      },
      404: { description: "The app is not registered.", reasons: ["app-unknown"] },
      500: { description: "The platform's claims hook failed.", reasons: ["internal-error"] },
      503: { description: "There is no usable key.", reasons: ["keys-unavailable"] },
    },
  },
  "POST /session/refresh": {
    id: "refresh",
    summary: "Rotates the session secret",
    security: "session",
    answers: { 200: OPENED, 400: BAD_HEADER, 401: NO_SESSION, 503: BUSY },
  },
  "POST /session/tenant": {
    id: "switchTenant",
    summary: "Switches the tenant, and rotates the session secret",
    security: "session",
    request: "TenantRequest",
    answers: {
      ...BAD_BODY,
      200: OPENED,
      401: NO_SESSION,
      403: { description: "The user is not a member.", reasons: ["tenant-not-allowed"] },
      503: BUSY,
    },
  },
  "DELETE /session": {
    id: "signOut",
    summary: "Signs out",
    security: "session",
    answers: {
      204: { description: "The session has ended, if there was one.", headers: ["Set-Cookie"] },
      400: BAD_HEADER,
    },
  },
  "GET /session/devices": {
    id: "devices",
    summary: "The sessions of the caller's user",
    security: "session",
    parameters: [
      {
        name: "cursor",
        in: "query",
        description: "`nextCursor` of the page before.",
        schema: { type: "string", minLength: 1, maxLength: 256 },
      },
    ],
    answers: {
      200: { description: "At most 101 sessions.", json: "SessionDevicesResponse" },
      400: {
        description: "The user has no session `cursor`, or the session header is not allowed.",
        reasons: ["request-malformed", "duplicate-credentials"],
      },
      401: NO_SESSION,
    },
  },
  "POST /session/devices/end": {
    id: "endDevices",
    summary: "Ends another session of the caller's user, or all others",
    security: "session",
    request: "EndDevicesRequest",
    answers: {
      ...BAD_BODY,
      200: { description: "How many have ended.", json: "EndDevicesResponse" },
      401: NO_SESSION,
      404: { description: "The user has no other session of it.", reasons: ["session-unknown"] },
    },
  },
  "GET /session/events": {
    id: "sessionEvents",
    summary: "Events of the caller's session",
    security: "session",
    parameters: [LAST_EVENT_ID],
    answers: {
      200: {
        description: "Server-sent events.",
        events: {
          "tenant-changed": "TenantChangedEvent",
          "claims-changed": "EmptyEvent",
          "installations-changed": "EmptyEvent",
          "apps-changed": "EmptyEvent",
          "signed-out": "EmptyEvent",
          revoked: "RevokedEvent",
        },
      },
      400: BAD_HEADER,
      401: NO_SESSION,
      503: { description: "Too many streams of this session.", reasons: ["overloaded"] },
    },
  },
  "GET /apps": {
    id: "apps",
    summary: "The apps that the session's tenant may see",
    security: "session",
    parameters: [PREFER, IF_NONE_MATCH],
    answers: {
      200: { description: "The apps.", json: "AppListResponse", headers: ["ETag"] },
      304: NOT_MODIFIED,
      400: BAD_HEADER,
      401: NO_SESSION,
    },
  },
  "GET /registry": {
    id: "registry",
    summary: "All apps, for gateways",
    option: "revocations.secrets",
    security: "feed",
    parameters: [IF_NONE_MATCH],
    answers: {
      200: { description: "The apps.", json: "RegistryResponse", headers: ["ETag"] },
      304: NOT_MODIFIED,
      401: {
        description: "The credential of the feed is missing or wrong.",
        reasons: ["token-missing", "token-malformed"],
      },
    },
  },
  "GET /revocations": {
    id: "revocations",
    summary: "The revocation feed, as a stream or an answer to a poll",
    security: "feed",
    parameters: [
      LAST_EVENT_ID,
      {
        name: "after",
        in: "query",
        description: "The number of the last entry that the reader has.",
        schema: { type: "string", pattern: "^\\d{1,15}$" },
      },
    ],
    answers: {
      200: {
        description: "Entries; server-sent events for `Accept: text/event-stream`.",
        json: "RevocationSnapshot",
        events: { snapshot: "RevocationSnapshot", revoked: "Revocation", registry: "EmptyEvent" },
      },
      400: { description: "The position is not a number.", reasons: ["request-malformed"] },
      401: {
        description: "The credential of the feed is missing or wrong.",
        reasons: ["token-missing", "token-malformed"],
      },
    },
  },
  "GET /login": {
    id: "login",
    summary: "Begins a sign-in at the OpenID provider",
    option: "oidc",
    parameters: [
      {
        name: "returnTo",
        in: "query",
        description: "A path of this origin.",
        schema: { type: "string", maxLength: 2_048, default: "/" },
      },
    ],
    answers: {
      303: { description: "To the provider.", headers: ["Location", "Set-Cookie"] },
      400: { description: "returnTo is not such a path.", reasons: ["request-malformed"] },
      403: { description: "The request is not for a page.", reasons: ["csrf-rejected"] },
      429: {
        description: "Too many sign-ins of this network.",
        reasons: ["rate-limited"],
        headers: ["Retry-After"],
      },
      502: { description: "The provider cannot be reached.", reasons: ["upstream-unreachable"] },
    },
  },
  "GET /login/callback": {
    id: "loginCallback",
    summary: "Ends a sign-in at the OpenID provider",
    option: "oidc",
    answers: {
      303: { description: "To returnTo.", headers: ["Location", "Set-Cookie"] },
      401: { description: "The sign-in failed.", reasons: ["login-failed"] },
      429: {
        description: "Too many sign-ins of this network.",
        reasons: ["rate-limited"],
        headers: ["Retry-After"],
      },
      500: { description: "The platform's hook failed.", reasons: ["internal-error"] },
      502: { description: "The provider cannot be reached.", reasons: ["upstream-unreachable"] },
    },
  },
  "POST /login/dev": {
    id: "devLogin",
    summary: "Signs in without a password, for development",
    option: "devLogin",
    request: "DevLoginRequest",
    answers: {
      ...BAD_BODY,
      200: OPENED,
      403: { description: "The user is not a member.", reasons: ["tenant-not-allowed"] },
      404: { description: "There is no such user.", reasons: ["user-unknown"] },
    },
  },
  "GET /installations": {
    id: "installations",
    summary: "Installations of the active tenant",
    option: "installations",
    security: "session",
    answers: {
      200: { description: "By app id.", json: "InstallationListResponse" },
      400: BAD_HEADER,
      401: NO_SESSION,
      403: { description: "The session may not manage apps.", reasons: ["scope-missing"] },
    },
  },
  "GET /installations/grants": {
    id: "grants",
    summary: "What the active tenant has granted to its apps",
    option: "installations",
    security: "session",
    answers: {
      200: { description: "By app id.", json: "GrantListResponse" },
      400: BAD_HEADER,
      401: NO_SESSION,
      403: { description: "The session may not manage apps.", reasons: ["scope-missing"] },
    },
  },
  "POST /installations/grant": {
    ...changesInstallation("grant", "Replaces the scopes that the tenant grants to an app"),
    request: "GrantRequest",
    answers: {
      ...BAD_BODY,
      200: { description: "The grant.", json: "GrantResponse" },
      401: NO_SESSION,
      403: {
        description: "The session may not do this.",
        reasons: ["scope-missing", "tenant-mismatch"],
      },
      404: { description: "The app is not registered.", reasons: ["app-unknown"] },
    },
  },
  "POST /installations/wish": {
    ...changesInstallation("wish", "Asks an administrator of the tenant for scopes of an app"),
    request: "GrantWishRequest",
    answers: {
      ...BAD_BODY,
      200: {
        description: "The wish; null when the tenant grants all of it.",
        json: "GrantWishResponse",
      },
      401: NO_SESSION,
      403: {
        description: "The page shows another tenant, or the app is suspended.",
        reasons: ["app-suspended", "tenant-mismatch"],
      },
      404: { description: "The app is not registered.", reasons: ["app-unknown"] },
    },
  },
  "POST /installations/install": changesInstallation("install", "Installs an app in the tenant"),
  "POST /installations/uninstall": changesInstallation(
    "uninstall",
    "Uninstalls an app from the tenant",
  ),
  "POST /installations/retry": changesInstallation("retry", "Tries a failed installation again"),
  "POST /installations/setup-completed": changesInstallation(
    "completeSetup",
    "Ends the setup of an app",
  ),
  "GET /health": {
    id: "health",
    summary: "Liveness and readiness",
    answers: {
      200: { description: "Ready.", json: "Health" },
      503: { description: "Not ready.", json: "Health" },
    },
  },
};
