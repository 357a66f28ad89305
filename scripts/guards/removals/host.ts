import { edit, type Removal } from "../removal.ts";

export const host: readonly Removal[] = [
  {
    row: "TM-123",
    edits: [
      // Not without any bound: the test's endless body would fill the memory.
      edit(
        "host/src/guests/host-fetch.ts",
        "if (size > maxBytes) throw tooLarge(maxBytes);",
        "if (size > maxBytes * 16) throw tooLarge(maxBytes);",
      ),
    ],
  },
  {
    row: "TM-135",
    edits: [
      edit(
        "host/src/guests/host-fetch.ts",
        "if (held.bytes > Math.max(maxHeldBytes, maxBytes)) throw tooMuch(maxHeldBytes);",
        "if (held.bytes < 0) throw tooMuch(maxHeldBytes);",
      ),
    ],
  },
  {
    row: "TM-124",
    edits: [
      edit(
        "host/src/tokens/token-registry.ts",
        "if (after !== undefined && (before ?? after) === after) {",
        "if (after !== undefined) {",
      ),
    ],
  },
  {
    row: "TM-125",
    edits: [
      edit(
        "host/src/transport/frame-link.ts",
        "if (guestId !== newest?.guestId)",
        "if (newest === undefined)",
      ),
    ],
  },
  {
    row: "TM-126",
    edits: [
      edit(
        "shared/src/session/token-source.ts",
        "minter.mintedAt < MIN_REPLACE_MS",
        "minter.mintedAt < 0",
      ),
    ],
  },
  {
    row: "TM-127",
    edits: [
      edit(
        "shared/src/session/token-minter.ts",
        "if (epoch !== state.epoch) return undefined;",
        "",
      ),
    ],
  },
  {
    row: "TM-131",
    edits: [
      edit("host/src/transport/throttle.ts", "attemptBurst: burst, ", "attemptBurst, "),
      edit(
        "host/src/transport/throttle.ts",
        "attemptsPerSecond: perSecond } = HANDSHAKE_LIMITS;",
        "attemptsPerSecond: perSecond } = HANDSHAKE_LIMITS;\n  const burst = attemptBurst * 1e6;",
      ),
    ],
  },
  {
    row: "TM-132",
    edits: [
      edit("shared/src/session/token-minter.ts", "if (!held.isUsable(next)) {", "if (epoch < 0) {"),
    ],
  },
  {
    row: "TM-141",
    edits: [
      edit(
        "host/src/surfaces/surface-methods.ts",
        "assertCapability(canOf(app), '\"navigate\"', SURFACE_CAPABILITIES.navigateToApps);",
        "",
      ),
    ],
  },
  {
    row: "TM-143",
    edits: [
      edit(
        "shared/src/protocol/surface-rules.ts",
        "if (budget === undefined || checks.take(budget)) return;",
        "if (budget !== null) return;",
      ),
    ],
  },
  {
    row: "TM-147",
    edits: [
      edit(
        "host/src/surfaces/frame-size.ts",
        "if (max !== undefined) return Math.min(Math.max(asked, min), max);",
        "if (max !== undefined && min !== undefined) return asked;",
      ),
    ],
  },
  {
    row: "TM-148",
    edits: [edit("host/src/surfaces/dialogs.ts", "if (shown?.mount !== caller)", "if (!shown)")],
  },
  {
    row: "TM-149",
    edits: [
      edit("host/src/surfaces/dialogs.ts", 'call.signal.addEventListener("abort", close);', ""),
    ],
  },
  {
    row: "TM-150",
    edits: [
      edit(
        "host/src/guests/guest-mount.ts",
        "paths.run(() => options.onPathChange?.(pathOn(page.url, app.url, path))),",
        "void options.onPathChange?.(pathOn(page.url, app.url, path)),",
      ),
    ],
  },
  {
    row: "TM-154",
    edits: [edit("host/src/surfaces/frame-size.ts", "throttle.run(() => {", "[0].forEach(() => {")],
  },
  {
    row: "TM-157",
    edits: [
      edit(
        "host/src/surfaces/dialog-place.ts",
        "if (Reflect.has(globalThis, PLACE)) return undefined;",
        "",
      ),
    ],
  },
  {
    row: "TM-346",
    edits: [
      edit("host/src/installations/host-installations.ts", 'spend(setups(app), "setups");', ""),
    ],
  },
  {
    row: "TM-349",
    failure: "the page has a fault",
    edits: [
      edit("host/src/installations/host-installations.ts", "deps.report(error);", "throw error;"),
    ],
  },
  {
    row: "TM-507",
    edits: [
      edit(
        "host/src/tokens/token-registry.ts",
        "const tokens = create(() => deps.mint(appId, proofKeyThumbprint));",
        "const tokens = [...bound][0] ?? create(() => deps.mint(appId, proofKeyThumbprint));",
      ),
    ],
  },
  {
    row: "TM-508",
    edits: [
      edit(
        "host/src/tokens/frame-token-source.ts",
        "const tokens = next?.tokens ?? held().tokens;",
        "const tokens = held().tokens;",
      ),
    ],
  },
  {
    row: "TM-537",
    edits: [
      edit(
        "shared/src/session/token-minter.ts",
        "const REFUSED_MS = 5_000;",
        "const REFUSED_MS = 0;",
      ),
    ],
  },
  {
    row: "TM-554",
    edits: [
      edit("host/src/session/follow-session.ts", "void catchUp(deps, () => question.ask());", ""),
    ],
  },
  {
    row: "TM-119",
    edits: [
      edit(
        "host/src/webview/web-view.ts",
        "`if(location.origin===${JSON.stringify(mounted.app.origin)}){${script}}true;`",
        "`{${script}}true;`",
      ),
    ],
  },
  {
    row: "TM-120",
    edits: [
      edit(
        "host/src/webview/web-view.ts",
        'message?.type === "hello" && message.nonce === state.nonce',
        'message?.type === "hello"',
      ),
    ],
  },
  {
    row: "TM-121",
    edits: [
      edit(
        "host/src/webview/web-view.ts",
        "if (isFlood || data.length > CHANNEL_LIMITS.maxMessageBytes) {",
        "if (data.length < 0) {",
      ),
    ],
  },
  {
    row: "TM-129",
    edits: [
      edit(
        "host/src/webview/web-view.ts",
        "const isForChannel = channel !== undefined && data.includes(channel.name);",
        "const isForChannel = channel !== undefined;",
      ),
    ],
  },
  {
    row: "TM-652",
    edits: [
      edit(
        "host/src/tokens/token-registry.ts",
        "if (entry.holders > 0 || byApp.get(appId) !== entry) return;",
        "if (entry.holders >= 0 || byApp.get(appId) !== entry) return;",
      ),
    ],
  },
  {
    row: "TM-653",
    edits: [
      edit(
        "shared/src/session/token-source.ts",
        "if (held.usable && !isOfSession(held.usable.token)) reset(true);",
        "if (held.usable && !isOfSession(held.usable.token)) return;",
      ),
    ],
  },
  {
    row: "TM-654",
    edits: [
      edit(
        "host/src/tokens/prefetch-queue.ts",
        "if (running >= MAX_PREFETCHES) return;",
        "if (running >= MAX_PREFETCHES * 1e6) return;",
      ),
    ],
  },
];
