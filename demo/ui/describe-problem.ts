/**
 * Describes failures to the person at the screen and says what they can do next. It accepts the bridge's
 * codes and the reasons of HTTP responses. It never shows text that a server wrote.
 */

export interface Description {
  readonly title: string;
  readonly text: string;
  readonly action: "retry" | "sign-in" | "none";
  /** The stable name of the failure, for a support request. */
  readonly reason: string;
}

type Words = readonly [title: string, text: string, action: Description["action"]];

const SIGN_IN_AGAIN: Words = [
  "Your session has ended",
  "Sign in again to continue where you left off.",
  "sign-in",
];
const TOKEN_REFUSED: Words = [
  "The gateway rejected this app’s token",
  "The token is not valid for this request. Nothing was changed.",
  "none",
];

const WORDS = new Map(
  Object.entries<Words>({
    "session-missing": SIGN_IN_AGAIN,
    "session-expired": SIGN_IN_AGAIN,
    "session-revoked": SIGN_IN_AGAIN,
    "refresh-reused": SIGN_IN_AGAIN,
    "signed-out": SIGN_IN_AGAIN,
    "token-missing": SIGN_IN_AGAIN,
    "login-failed": [
      "The sign-in failed",
      "This person cannot sign in to that workspace. Choose another person or workspace.",
      "none",
    ],
    "user-unknown": [
      "The sign-in failed",
      "This person does not exist. Choose another one.",
      "none",
    ],
    "tenant-not-allowed": [
      "No access to that workspace",
      "You are not a member of it. Choose another one.",
      "none",
    ],
    "token-expired": [
      "Your access has just expired",
      "The app is getting a new token. Try again in a moment.",
      "retry",
    ],
    "token-malformed": TOKEN_REFUSED,
    "token-signature": TOKEN_REFUSED,
    "token-alg": TOKEN_REFUSED,
    "key-unknown": TOKEN_REFUSED,
    "issuer-mismatch": TOKEN_REFUSED,
    "audience-mismatch": TOKEN_REFUSED,
    "azp-mismatch": TOKEN_REFUSED,
    "tenant-mismatch": TOKEN_REFUSED,
    "origin-not-allowed": TOKEN_REFUSED,
    "app-not-allowed": [
      "This app may not use that service",
      "The gateway does not allow this app to call the service. Ask your administrator.",
      "none",
    ],
    "scope-missing": [
      "You don’t have permission for this",
      "The app or your role lacks the required permission. Ask your administrator.",
      "none",
    ],
    denied: [
      "This app has no access",
      "The shell may not get a token for this app. Ask your administrator.",
      "none",
    ],
    "capability-missing": [
      "This app may not do that",
      "The app’s manifest does not list the required capability. Ask your administrator.",
      "none",
    ],
    "app-unknown": [
      "App not found",
      "This app is not installed here. Choose another one from the sidebar.",
      "none",
    ],
    "route-unknown": ["Not found", "The service has nothing at this address.", "none"],
    "request-malformed": [
      "This can’t be saved",
      "At least one field is not valid. Correct the form, then save it again.",
      "none",
    ],
    "body-too-large": ["This is too large", "Shorten it, then save it again.", "none"],
    "rate-limited": ["Too many requests", "Wait a moment, then try again.", "retry"],
    "upstream-unreachable": [
      "The order service is down",
      "The gateway cannot reach the service. Your data is safe. Try again in a moment.",
      "retry",
    ],
    "upstream-timeout": [
      "The order service is slow",
      "The service did not answer in time. Try again in a moment.",
      "retry",
    ],
    "upstream-invalid": [
      "The order service has a problem",
      "The service sent an invalid response. Try again in a moment.",
      "retry",
    ],
    "keys-unavailable": [
      "Your sign-in can’t be checked right now",
      "The gateway cannot load the issuer’s public keys, so it refuses all requests. Try again in a moment.",
      "retry",
    ],
    "store-unavailable": [
      "Sign-in is unavailable",
      "The session store cannot be reached. Try again in a moment.",
      "retry",
    ],
    overloaded: ["The service is very busy", "Try again in a moment.", "retry"],
    "fetch-failed": [
      "The gateway can’t be reached",
      "Check your network connection, then try again.",
      "retry",
    ],
    offline: [
      "The shell can’t reach its server",
      "You stay signed in. The shell keeps trying to reconnect.",
      "retry",
    ],
    "handshake-timeout": [
      "The app did not answer",
      "The app’s server may be down, or the app does not trust this shell. The app received none of your data.",
      "retry",
    ],
    "handshake-refused": [
      "The app was refused",
      "The shell does not accept this app here.",
      "none",
    ],
    "handshake-protocol-mismatch": [
      "The app is out of date",
      "The app and the shell have no protocol version in common. Ask your administrator.",
      "none",
    ],
    "handshake-not-embedded": [
      "Open this app from Porchlight",
      "Outside Porchlight this app has no session. Open it from Porchlight’s sidebar.",
      "none",
    ],
    "channel-lost": [
      "The app was disconnected",
      "The app reconnects on its own when it is ready.",
      "retry",
    ],
    "channel-closed": ["The app was closed", "Open the app again from the sidebar.", "retry"],
    "call-timeout": ["No answer yet", "The shell or the app took too long. Try again.", "retry"],
    "order-unknown": ["Order not found", "The order may belong to another workspace.", "none"],
    "customer-unknown": [
      "Customer not found",
      "The customer may belong to another workspace.",
      "none",
    ],
    "status-refused": [
      "The order has already changed",
      "Somebody changed this order in the meantime. You now see its current state.",
      "none",
    ],
  }),
);

const UNKNOWN: Words = ["Something went wrong", "Try again in a moment.", "retry"];

/** @param reason a code (`CALL_TIMEOUT`) or a reason (`token-expired`) */
export function describeProblem(reason: string): Description {
  const key = reason.toLowerCase().replaceAll("_", "-");
  const [title, text, action] = WORDS.get(key) ?? UNKNOWN;
  return { title, text, action, reason: key };
}
