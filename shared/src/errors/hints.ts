/**
 * One sentence per code: what it means and what mends it. Source of `docs/errors.md` and of the
 * `title` of problem+json bodies; never bundled into a guest.
 */
import type { ErrorCode } from "./codes.ts";

export const ERROR_HINTS: Readonly<Record<ErrorCode, string>> = {
  CONFIG_HOST_ORIGINS_MISSING:
    "The guest does not say which host may embed it: pass hostOrigins, or add the breezeway-host-origins meta tag.",
  CONFIG_HOST_ORIGINS_INVALID:
    "A host origin is not an exact origin such as https://shell.example: no path, no wildcard.",
  CONFIG_INVALID:
    "An option or a configuration file has a wrong value; the message names the field.",
  MANIFEST_INVALID: "An app manifest has a wrong value; the message names the field.",
  HANDSHAKE_NOT_EMBEDDED: "The page is not inside a frame; open it from the host.",
  HANDSHAKE_TIMEOUT:
    "The other side did not answer in time: not a Breezeway page, or its origin is not on the list.",
  HANDSHAKE_PROTOCOL_MISMATCH:
    "Host and guest speak no common protocol version; upgrade the older of the two.",
  HANDSHAKE_REFUSED: "The host refused this guest.",
  CHANNEL_LOST: "The connection to the other side was lost while the call was under way.",
  CHANNEL_CLOSED: "The bridge was closed.",
  CALL_TIMEOUT: "No answer arrived within the time allowed for the call.",
  CALL_ABORTED: "The caller aborted the call.",
  CALL_FAILED: "The method on the other side failed; its log has the correlation id.",
  CALL_METHOD_UNKNOWN: "The other side has no method of this name.",
  CALL_ARGUMENTS_INVALID:
    "The arguments do not match the contract; the message names the first difference.",
  CALL_RESULT_INVALID:
    "The result does not match the contract; the message names the first difference.",
  CALL_LIMIT_EXCEEDED:
    "Too much at once: calls that wait for an answer, toasts or dialogs; wait for some of them.",
  CAPABILITY_MISSING:
    "The app's manifest does not list the capability that this method or topic needs.",
  SURFACE_REFUSED:
    "The host does not offer this here: a place to go, a toast, a dialog, another size; the message says what.",
  ACTIVATION_MISSING:
    "The host does this only shortly after the person has clicked or typed; call it from such an event.",
  EVENT_TOPIC_INVALID: "The topic is not in the contract, or not of the form resource:action.",
  EVENT_PAYLOAD_INVALID:
    "The payload does not match the contract; the message names the first difference.",
  CONTEXT_INVALID: "The context that the host gave does not match what this guest expects.",
  FRAME_MALFORMED: "The other side sent something that is not a frame of this protocol.",
  FRAME_TOO_LARGE: "The message is larger than the channel allows.",
  FRAME_RATE_EXCEEDED: "The guest sends more than the channel allows; slow down.",
  VALUE_NOT_CLONEABLE:
    "An argument or a result cannot be sent between windows (a function, a DOM node).",
  FETCH_ORIGIN_NOT_ALLOWED:
    "bridge.fetch sends the token to gateway origins only, and this URL is not one.",
  FETCH_FAILED:
    "No answer of the gateway could be read; the browser hides whether it was the network or CORS.",
  SIGNED_OUT: "Nobody is signed in at the host.",
  OFFLINE: "The host cannot reach the issuer at the moment.",
  DENIED: "The issuer refused to give this app a token.",
  HOST_GONE: "The host page is no longer there.",
  TOKEN_MISSING: "The request carries no session token.",
  TOKEN_MALFORMED:
    "The session token is not a compact JWS in canonical form with the required claims.",
  TOKEN_SIGNATURE: "The session token's signature does not match.",
  KEY_UNKNOWN: "The session token names a key that the issuer does not publish.",
  TOKEN_EXPIRED: "The session token has expired.",
  TOKEN_ALG: "The session token uses an algorithm that is not allowed here.",
  ISSUER_MISMATCH: "The session token comes from another issuer.",
  AUDIENCE_MISMATCH: "The session token was made for another app.",
  AZP_MISMATCH: "The session token was made for another origin.",
  TOKEN_NOT_YET: "The session token is not valid yet: a clock is wrong.",
  IAT_FUTURE: "The session token was issued in the future: a clock is wrong.",
  PROOF_INVALID:
    "The session token is bound to a key, or must be, and the request has no valid proof of that key.",
  SESSION_MISSING: "The request carries no session.",
  SESSION_EXPIRED: "The session has ended; sign in again.",
  SESSION_REVOKED: "The session was revoked; sign in again.",
  REFRESH_REUSED:
    "An old session secret was used again, so the session was revoked as possibly stolen; sign in again.",
  LOGIN_FAILED: "The sign-in did not succeed.",
  TENANT_MISMATCH: "The X-Tenant-ID header differs from the session token's tenant.",
  SCOPE_MISSING: "The session token lacks a scope that this route needs.",
  CLAIM_REJECTED: "A claim of the session token does not have the value that this route needs.",
  APP_NOT_ALLOWED: "This app may not use this route.",
  ORIGIN_NOT_ALLOWED: "Requests from this origin are not allowed.",
  CSRF_REJECTED:
    "The request does not come from a page of this origin, or lacks X-Breezeway-Request: 1.",
  TENANT_NOT_ALLOWED: "The user does not belong to this tenant.",
  STEP_UP_REQUIRED: "This route needs a fresh or stronger sign-in.",
  DUPLICATE_CREDENTIALS: "The request carries more than one credential.",
  REQUEST_MALFORMED: "The request is malformed; the detail names the field.",
  APP_UNKNOWN: "No app of this id is registered.",
  ROUTE_UNKNOWN: "There is nothing at this path.",
  SESSION_UNKNOWN: "There is no session of this handle.",
  USER_UNKNOWN: "There is no user of this id.",
  METHOD_NOT_ALLOWED: "The path exists, but not for this method.",
  INSTALLATION_CONFLICT: "The installation of the app is in a state in which this cannot be done.",
  REQUEST_TIMEOUT: "The request did not arrive within the time allowed.",
  BODY_TOO_LARGE: "The request body is larger than allowed.",
  HEADERS_TOO_LARGE: "The request headers are larger than allowed.",
  RATE_LIMITED: "Too many requests; Retry-After says when to try again.",
  INTERNAL_ERROR: "Something failed on the server; its log has the request id.",
  UPSTREAM_UNREACHABLE: "The service behind the gateway cannot be reached.",
  UPSTREAM_INVALID: "The service behind the gateway gave an answer that is not valid HTTP.",
  STORE_UNAVAILABLE: "The session store cannot be reached.",
  KEYS_UNAVAILABLE: "The issuer's public keys cannot be fetched.",
  OVERLOADED: "The server has too much to do at the moment.",
  UPSTREAM_TIMEOUT: "The service behind the gateway did not answer in time.",
};
