/**
 * What went wrong, in words for the person at the screen, and what they can do about it. Takes the
 * codes of the bridge and the reasons of HTTP answers; never shows a server's own text.
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
  "Sign in again to carry on where you were.",
  "sign-in",
];
const TOKEN_REFUSED: Words = [
  "The gateway refused this app’s token",
  "The app asked for something its token was not made for. Nothing was changed.",
  "none",
];

const WORDS: Readonly<Record<string, Words>> = {
  "session-missing": SIGN_IN_AGAIN,
  "session-expired": SIGN_IN_AGAIN,
  "session-revoked": SIGN_IN_AGAIN,
  "refresh-reused": SIGN_IN_AGAIN,
  "signed-out": SIGN_IN_AGAIN,
  "token-missing": SIGN_IN_AGAIN,
  "login-failed": ["That did not work", "This person cannot sign in to that workspace.", "none"],
  "user-unknown": ["That did not work", "There is no such person here.", "none"],
  "tenant-not-allowed": [
    "No access to that workspace",
    "You are not a member of it. Choose another one.",
    "none",
  ],
  "token-expired": [
    "Your access has just expired",
    "A fresh token is on its way. Try again in a moment.",
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
    "The gateway does not let this app through here. Ask whoever installed it.",
    "none",
  ],
  "scope-missing": [
    "You don’t have permission for this",
    "Either this app was not granted the right, or your role does not include it.",
    "none",
  ],
  denied: [
    "This app gets no access",
    "The shell could not get a token for it. Ask whoever installed it.",
    "none",
  ],
  "capability-missing": [
    "This app may not do that",
    "Its manifest does not list the capability that this needs.",
    "none",
  ],
  "app-unknown": [
    "There is no such app",
    "It is not installed here. Choose one from the sidebar.",
    "none",
  ],
  "route-unknown": ["Nothing here", "The service has nothing at this address.", "none"],
  "request-malformed": ["That can’t be saved", "Something in the form is not right.", "none"],
  "body-too-large": ["That is too large", "Send less at once.", "none"],
  "rate-limited": ["Too many requests", "Wait a moment, then try again.", "retry"],
  "upstream-unreachable": [
    "The order service is down",
    "The gateway cannot reach it. Your data is safe; try again in a moment.",
    "retry",
  ],
  "upstream-timeout": [
    "The order service is slow",
    "It did not answer in time. Try again in a moment.",
    "retry",
  ],
  "upstream-invalid": [
    "The order service is unwell",
    "Its answer made no sense to the gateway. Try again in a moment.",
    "retry",
  ],
  "keys-unavailable": [
    "Your sign-in can’t be checked right now",
    "The gateway cannot reach the issuer’s public keys, so it lets nobody in. Try again in a moment.",
    "retry",
  ],
  "store-unavailable": [
    "Sign-in is unavailable",
    "The session store cannot be reached. Try again in a moment.",
    "retry",
  ],
  overloaded: ["Very busy right now", "Try again in a moment.", "retry"],
  "fetch-failed": [
    "The gateway can’t be reached",
    "Check the connection, then try again.",
    "retry",
  ],
  offline: [
    "The shell can’t reach its server",
    "You stay signed in. It tries again by itself.",
    "retry",
  ],
  "handshake-timeout": [
    "The app did not answer",
    "Its server may be down, or it does not trust this shell. Nothing of yours was sent to it.",
    "retry",
  ],
  "handshake-refused": ["The app was turned away", "The shell does not accept it here.", "none"],
  "handshake-protocol-mismatch": [
    "The app is out of date",
    "It and the shell speak no common protocol version.",
    "none",
  ],
  "handshake-not-embedded": [
    "Open this app from Porchlight",
    "On its own it has no session and no access. Start it from the shell’s sidebar.",
    "none",
  ],
  "channel-lost": [
    "The app was disconnected",
    "It comes back by itself when it is ready.",
    "retry",
  ],
  "channel-closed": ["The app was closed", "Open it again from the sidebar.", "retry"],
  "call-timeout": ["No answer yet", "The other side took too long. Try again.", "retry"],
  "order-unknown": ["There is no such order", "It may belong to another workspace.", "none"],
  "customer-unknown": ["There is no such customer", "It may belong to another workspace.", "none"],
  "status-refused": [
    "The order has moved on",
    "Somebody changed it in the meantime. It is shown as it is now.",
    "none",
  ],
};

const UNKNOWN: Words = ["Something went wrong", "Try again in a moment.", "retry"];

/** @param reason a code (`CALL_TIMEOUT`) or a reason (`token-expired`) */
export function describeProblem(reason: string): Description {
  const key = reason.toLowerCase().replaceAll("_", "-");
  const [title, text, action] = Object.hasOwn(WORDS, key) ? (WORDS[key] ?? UNKNOWN) : UNKNOWN;
  return { title, text, action, reason: key };
}
