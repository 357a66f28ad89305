/**
 * A guest that uses its bridge without a pause, and checks each token when it gets it: the token has not
 * expired, and it belongs to the session of this moment.
 */
import { createAppBridge, type BridgeError } from "@breezeway/guest";
import { decodeSessionToken } from "@breezeway/shared";
import type { GuestReport } from "./reports.ts";

const PAUSE_MS = 1_500;
const TICK_MS = 1_000;
/** Calls have a limit of 30 s. Ticks of this page count, which a sleeping tab does not have. */
const SETTLED_WITHIN_TICKS = 40;
/** The host corrects its idea of the issuer's clock to within a second. */
const TOLERANCE_SECONDS = 1;

const { gateway = "", guest = "" } = Object.fromEntries(new URLSearchParams(location.search));
const pending = new Map<string, number>();
let calls = 0;
let ticks = 0;

const report = (kind: GuestReport["kind"], text: string): void => {
  void window.report({ guest, kind, text });
};

/** Counts a call until it settles, in whatever way. */
async function settle<T>(name: string, call: Promise<T>): Promise<T | undefined> {
  calls += 1;
  const key = `${name} ${calls}`;
  pending.set(key, ticks);
  try {
    const value = await call;
    report("call", `${name}: done`);
    return value;
  } catch (error) {
    report("call", `${name}: ${(error as Partial<BridgeError>).code ?? String(error)}`);
    return undefined;
  } finally {
    pending.delete(key);
  }
}

const bridge = await createAppBridge();

function check(token: string): void {
  const { claims } = decodeSessionToken(token);
  const current = bridge.session.current;
  const leftSeconds = Number(claims["exp"]) - Date.now() / 1_000;
  if (leftSeconds < -TOLERANCE_SECONDS) {
    report("violation", `got a token that expired ${(-leftSeconds).toFixed(1)} s ago`);
  } else if (claims["sid"] !== current?.handle || claims["tenantId"] !== current?.tenantId) {
    report("violation", "got a token of another session or tenant");
  } else if (claims["aud"] !== bridge.appId) {
    report("violation", "got a token of another app");
  } else report("token", "");
}

bridge.session.token.subscribe((token) => {
  if (token !== null) check(token);
});
setInterval(() => {
  ticks += 1;
  for (const [key, since] of pending) {
    if (ticks - since <= SETTLED_WITHIN_TICKS) continue;
    pending.delete(key);
    report("violation", `${key} has not settled for ${SETTLED_WITHIN_TICKS} s of this page`);
  }
}, TICK_MS);
for (;;) {
  const token = await settle("getSessionToken", bridge.getSessionToken());
  if (token !== undefined) check(token);
  await settle("echo", bridge.method.call("echo", calls));
  const response = await settle("fetch", bridge.fetch(`${gateway}/orders`));
  if (response) report("call", `fetch: ${response.status}`);
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * (0.5 + Math.random())));
}
