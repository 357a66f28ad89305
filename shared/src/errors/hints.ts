/**
 * What each code means, and what to do about it. Source of `docs/errors.md` and of the `title` of
 * problem+json bodies. Never bundled into a guest.
 */
import type { ErrorCode } from "./codes.ts";

export const ERROR_HINTS: Readonly<Record<ErrorCode, string>> = {
  CONFIG_HOST_ORIGINS_MISSING:
    "The guest does not name the hosts that may embed it. Pass hostOrigins, add the breezeway-host-origins meta tag or data-host-origins, or serve /.well-known/breezeway.json.",
  CONFIG_HOST_ORIGINS_INVALID:
    "A host origin must be exact, such as https://shell.example, without a path, a trailing slash or a wildcard.",
  CONFIG_INVALID:
    "An option or a configuration file has an invalid value or an unknown name. The message names the field.",
  MANIFEST_INVALID: "An app manifest has an invalid value. The message names the field.",
  HANDSHAKE_NOT_EMBEDDED: "The page is not embedded. Open it inside its host.",
  HANDSHAKE_TIMEOUT:
    "The other side did not answer in time. It may not be a Breezeway page, or its origin may be missing from the allowed origins. The host's message names what the browser shows of the cause.",
  HANDSHAKE_PROTOCOL_MISMATCH:
    "Host and guest have no protocol version in common. Upgrade the older of the two.",
  HANDSHAKE_REFUSED: "The host refused the connection of this guest.",
  CHANNEL_LOST:
    "The connection to the other side was lost during the call. Retry it once the connection is back.",
  CHANNEL_CLOSED: "The bridge was closed. Open a new one to make further calls.",
  CALL_TIMEOUT: "The other side did not answer within the timeout of the call.",
  CALL_ABORTED: "The caller aborted the call.",
  CALL_FAILED: "The method on the other side failed. Its log has the correlation id.",
  CALL_METHOD_UNKNOWN: "The other side has no method of this name.",
  CALL_ARGUMENTS_INVALID:
    "The arguments do not match the contract. The message names the first mismatch.",
  CALL_RESULT_INVALID:
    "The result does not match the contract. The message names the first mismatch.",
  CALL_LIMIT_EXCEEDED:
    "Too many calls, toasts or dialogs at once. Wait until earlier ones have finished.",
  CAPABILITY_MISSING:
    "This method or topic requires a capability that the app's manifest does not list.",
  SURFACE_REFUSED:
    "The host does not offer this navigation, toast, dialog or size here. The message says which.",
  ACTIVATION_MISSING:
    "The host does this only after user activation. Call it from a click or key press handler.",
  EVENT_TOPIC_INVALID:
    "The topic is not in the contract, or is not a letter followed by up to 127 letters, digits or . _ : / - characters.",
  EVENT_PAYLOAD_INVALID:
    "The payload does not match the contract. The message names the first mismatch.",
  CONTEXT_INVALID: "The context from the host does not match the form that this guest expects.",
  FRAME_MALFORMED: "The other side sent a malformed message.",
  FRAME_TOO_LARGE: "The message exceeds the size limit of the connection.",
  FRAME_RATE_EXCEEDED:
    "The guest exceeds the message rate limit of the connection. Send less often.",
  VALUE_NOT_CLONEABLE:
    "An argument or result contains a value that cannot be sent between windows, such as a function, a promise or a DOM node. The message names the member.",
  FETCH_ORIGIN_NOT_ALLOWED:
    "bridge.fetch sends the session token to gateway origins only, and the origin of this URL is not one of them.",
  FETCH_FAILED:
    "The browser received no readable response from the gateway. It does not reveal whether the network or CORS is the cause.",
  SIGNED_OUT: "Nobody is signed in at the host.",
  OFFLINE: "The host cannot reach the issuer at the moment. Retry later.",
  DENIED: "The issuer refused to mint a token for this app.",
  HOST_GONE: "The host page is no longer reachable.",
  TOKEN_MISSING: "The request carries no session token.",
  TOKEN_MALFORMED:
    "The session token is malformed. It must be a compact JWS in canonical form with the required claims.",
  TOKEN_SIGNATURE: "The signature of the session token is invalid.",
  KEY_UNKNOWN: "The session token names a signing key that the issuer does not publish.",
  TOKEN_EXPIRED: "The session token has expired.",
  TOKEN_ALG: "The session token is signed with an algorithm that is not allowed here.",
  ISSUER_MISMATCH: "The session token comes from another issuer.",
  AUDIENCE_MISMATCH: "The session token was minted for another app.",
  AZP_MISMATCH: "The session token was minted for another origin.",
  TOKEN_NOT_YET: "The session token is not valid yet. Check the clocks of issuer and verifier.",
  IAT_FUTURE:
    "The session token was issued in the future. Check the clocks of issuer and verifier.",
  PROOF_INVALID:
    "The session token requires a proof of possession (DPoP), and the request has no valid one.",
  SESSION_MISSING: "The request carries no session.",
  SESSION_EXPIRED: "The session has expired. Sign in again.",
  SESSION_REVOKED: "The session was revoked. Sign in again.",
  REFRESH_REUSED:
    "An old session secret was used again, so the session was revoked as possibly stolen. Sign in again.",
  LOGIN_FAILED: "The sign-in failed.",
  TENANT_MISMATCH: "The X-Tenant-ID header does not match the tenant of the session token.",
  SCOPE_MISSING: "The session token lacks a scope that this route requires.",
  CLAIM_REJECTED: "A claim of the session token does not have a value that this route accepts.",
  APP_NOT_ALLOWED: "The app may not use this route.",
  APP_SUSPENDED: "The app is suspended. Its operator knows when it comes back.",
  ORIGIN_NOT_ALLOWED: "Requests from this origin are not allowed.",
  CSRF_REJECTED:
    "The request must come from a page of this origin and carry the header X-Breezeway-Request: 1.",
  TENANT_NOT_ALLOWED: "The user does not belong to this tenant.",
  STEP_UP_REQUIRED: "This route requires a more recent or stronger sign-in.",
  DUPLICATE_CREDENTIALS: "The request carries more than one credential.",
  REQUEST_MALFORMED: "The request is malformed. The detail names the field.",
  APP_UNKNOWN: "No app with this id is registered.",
  ROUTE_UNKNOWN: "No route matches this path.",
  SESSION_UNKNOWN: "No session has this handle.",
  USER_UNKNOWN: "No user has this id.",
  METHOD_NOT_ALLOWED: "This path does not allow this method.",
  INSTALLATION_CONFLICT: "The current state of the app's installation does not allow this.",
  REVISION_CONFLICT:
    "The app has another revision than expected. Read it again before you change it.",
  APP_READ_ONLY: "The app comes from a file, so only the file can change it.",
  REQUEST_TIMEOUT: "The request did not arrive within the time limit.",
  BODY_TOO_LARGE: "The request body exceeds the size limit.",
  HEADERS_TOO_LARGE: "The request headers exceed the size limit.",
  RATE_LIMITED: "The rate limit was exceeded. Retry after the time in Retry-After.",
  INTERNAL_ERROR: "The server failed. Its log has the request id.",
  UPSTREAM_UNREACHABLE: "The gateway cannot reach the upstream service.",
  UPSTREAM_INVALID: "The upstream service sent an invalid HTTP response.",
  STORE_UNAVAILABLE: "The session store is unavailable.",
  KEYS_UNAVAILABLE: "The issuer's public keys cannot be fetched.",
  OVERLOADED: "The server is overloaded.",
  UPSTREAM_TIMEOUT: "The upstream service did not respond in time.",
};
