/** What tests put in the place of the runtime. The public options do not have these. */
import type { Clock } from "@breezeway/shared/channel";
import type { HostLink } from "./transport/host-link.ts";

export interface GuestTestHooks {
  /** Default: the clock of the runtime. */
  readonly clock?: Clock;
}

// A registered symbol, so that every copy of this package finds the hooks.
const HOOKS: unique symbol = Symbol.for("@breezeway/guest/test-hooks");

interface HookedLink extends HostLink {
  readonly [HOOKS]?: GuestTestHooks;
}

/** A link that brings its hooks along, for code that calls `createAppBridge` itself. */
export function withTestHooks(link: HostLink, hooks: GuestTestHooks): HostLink {
  return Object.assign(link, { [HOOKS]: hooks });
}

export function testHooksOf(link: HookedLink | undefined): GuestTestHooks | undefined {
  return link?.[HOOKS];
}
