/** What a holder of a session needs: the host's page, and a program without a browser. */
export { issuerRefusal } from "./session/issuer-refusal.ts";
export { startRotationTimer } from "./session/rotation-timer.ts";
export { createTokenSource } from "./session/token-source.ts";
export type { TokenFollower, TokenSource, TokenSourceDeps } from "./session/token-source.ts";
export { createRefresher } from "./session/refresher.ts";
export type { Refresher, RefresherDeps } from "./session/refresher.ts";
