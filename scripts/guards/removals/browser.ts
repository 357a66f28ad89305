import { edit, type Removal } from "../removal.ts";

export const browser: readonly Removal[] = [
  {
    row: "TM-101",
    edits: [
      edit(
        "host/src/transport/frame-link.ts",
        "if (event.origin !== origin) return options.onSeen(event.origin);",
        "",
      ),
      edit(
        "host/src/transport/frame-link.ts",
        'message.type === "SYN" ? { ...message, participantId } : message,\n      origin,',
        'message.type === "SYN" ? { ...message, participantId } : message,\n      "*",',
      ),
    ],
  },
  {
    row: "TM-102",
    edits: [
      edit(
        "guest/src/transport/parent-link.ts",
        "port || event.source !== window.parent || !hostOrigins.includes(event.origin)",
        "port || event.source !== window.parent",
      ),
    ],
  },
  {
    row: "TM-103",
    edits: [
      edit(
        "shared/src/protocol/handshake.ts",
        "protocol: [protocol[0], protocol[1]],",
        "...value,\n        protocol: [protocol[0], protocol[1]],",
      ),
      edit(
        "host/src/guests/welcome.ts",
        "appId: app.id,",
        'appId: String(Reflect.get(hello, "appId")),',
      ),
    ],
  },
  {
    row: "TM-104",
    edits: [
      edit(
        "host/src/guests/built-ins.ts",
        "const sessionToken: BuiltIn = async () => {\n    assertTokens();\n    return (await tokens.get()).token;",
        'const sessionToken: BuiltIn = async ({ args: [appId] }) => {\n    const init = { method: "POST", headers: { "content-type": "application/json", "x-breezeway-request": "1" } };\n    const body = JSON.stringify({ appId });\n    return (await fetch("/auth/session/token", { ...init, body })).text();',
      ),
    ],
  },
  {
    row: "TM-105",
    edits: [
      edit(
        "verify/src/verifier/claim-rules.ts",
        "if (origin !== undefined && origin !== claims.azp) {",
        'if (origin === "" && origin !== claims.azp) {',
      ),
    ],
  },
  {
    row: "TM-106",
    edits: [
      edit(
        "gateway/src/request/header-kinds.ts",
        'if (NEVER_PASSED.has(cgiName) || cgiName.startsWith(DROPPED_PREFIX)) return "drop";',
        'if (NEVER_PASSED.has(cgiName)) return "drop";',
      ),
    ],
  },
  {
    row: "TM-107",
    edits: [
      edit(
        "demo/upstream/service.ts",
        "requireIdentity(context.req.raw.headers)",
        "{ ...requireIdentity({ ...IDENTITY, ...Object.fromEntries(context.req.raw.headers) }) }",
      ),
      edit(
        "demo/upstream/service.ts",
        "  app.use(async (context, next) => {",
        '  const NAMES = ["user", "tenant", "app", "session", "request-id"];\n  const IDENTITY = {\n    ...Object.fromEntries(NAMES.map((name) => [`x-breezeway-${name}`, "acme"])),\n    "x-tenant-id": "acme",\n  };\n  app.use(async (context, next) => {',
      ),
    ],
  },
  {
    row: "TM-108",
    edits: [
      edit(
        "host/src/guests/frame-documents.ts",
        "now.loadsSinceHello += 1;",
        "if (isOther || !isOther) return;",
      ),
      edit("shared/src/channel/channel.ts", 'port.addEventListener("close", this.#onGone);', ""),
    ],
  },
  {
    row: "TM-133",
    edits: [
      edit(
        "host/src/guests/frame-documents.ts",
        "if (now.place?.ask) presence.check.loaded();",
        "if (now.place === undefined) presence.check.loaded();",
      ),
    ],
  },
  {
    row: "TM-109",
    edits: [
      edit(
        "demo/web/content-security-policy.ts",
        "`frame-ancestors ${list(frameAncestors)}`,",
        '"frame-ancestors *",',
      ),
    ],
  },
  {
    row: "TM-110",
    edits: [
      edit(
        "host/src/transport/frame-link.ts",
        "methods: Object.assign(Object.create(null) as object, { hello }),",
        "methods: { hello },",
      ),
      edit(
        "host/src/transport/frame-link.ts",
        "state.port?.postMessage(withoutCause(message), transfer)",
        "state.port?.postMessage(message, transfer)",
      ),
    ],
  },
  {
    row: "TM-112",
    edits: [edit("shared/src/channel/gate.ts", "if (count > frames.left())", "if (count < 0)")],
  },
  {
    row: "TM-113",
    edits: [
      edit(
        "shared/src/channel/outgoing-error.ts",
        'WORDS && "The method failed."',
        "String(error)",
      ),
    ],
  },
  {
    row: "TM-114",
    edits: [
      edit(
        "shared/src/contract/capability.ts",
        "if (capability === undefined || can(capability)) return;",
        "if (capability !== null) return;",
      ),
    ],
  },
  {
    row: "TM-115",
    edits: [
      edit(
        "guest/src/fetch/bridge-fetch.ts",
        "if (url !== undefined && [...allowed, ...options.gatewayOrigins].includes(origin)) return url;",
        "if (url !== undefined) return url;",
      ),
    ],
  },
  {
    row: "TM-116",
    edits: [
      edit("host/src/guests/host-fetch.ts", "origin === originOf(gatewayUrl)", 'origin !== "null"'),
    ],
  },
  {
    row: "TM-118",
    edits: [
      edit(
        "host/src/guests/frame-tap.ts",
        "else emit({ direction, kind: frame[0], ...read.frame(direction, frame) });",
        "else emit({ direction, kind: frame[0], ...read.frame(direction, frame), ...{ frame } });",
      ),
    ],
  },
  {
    row: "TM-122",
    edits: [edit("host/src/guests/host-fetch.ts", "return new URL(url).href;", "return url;")],
  },
  {
    row: "TM-130",
    edits: [
      edit(
        "demo/platform/listen.ts",
        "if (request.headers.host === address.authority)",
        'if (request.headers.host !== "")',
      ),
    ],
  },
  {
    row: "TM-142",
    edits: [
      edit(
        "shared/src/protocol/surface-rules.ts",
        "if (needsActivation && !checks.isUserActive()) {",
        "if (needsActivation && action === undefined) {",
      ),
    ],
  },
  {
    row: "TM-144",
    edits: [
      edit(
        "shared/src/protocol/surface-rules.ts",
        "if (budget === undefined || checks.take(budget)) return;",
        "if (budget !== null) return;",
      ),
    ],
  },
  {
    row: "TM-145",
    edits: [
      edit(
        "host/src/element/breezeway-ui.ts",
        '<h2 id="title"><bdi>${title}</bdi></h2>',
        '<h2 id="title" .innerHTML=${title}></h2>',
      ),
    ],
  },
  {
    row: "TM-146",
    edits: [
      edit("host/src/element/breezeway-ui.ts", "for (const ui of inPage) ui.#toasts.pause();", ""),
    ],
  },
  {
    row: "TM-151",
    edits: [
      edit(
        "demo/shell/shell.ts",
        'if (target.to === "host" && route.name === "app") {',
        'if (target.to === "nowhere" && route.name === "app") {',
      ),
    ],
  },
  {
    row: "TM-152",
    edits: [edit("host/src/element/ui-styles.ts", "max-block-size: 6lh;", "")],
  },
  {
    row: "TM-153",
    edits: [
      edit(
        "host/src/element/breezeway-ui.ts",
        "@breezeway-path=${(event: Event) => event.stopPropagation()}",
        "@breezeway-path=${(event: Event) => event.type}",
      ),
    ],
  },
  {
    row: "TM-155",
    edits: [
      edit(
        "host/src/element/breezeway-ui.ts",
        "void coverPage().then(opened.leave);",
        "opened.leave();",
      ),
    ],
  },
  {
    row: "TM-156",
    edits: [edit("host/src/host-settings.ts", "isUserActive !== false &&", "")],
  },
  {
    row: "TM-342",
    edits: [
      edit(
        "host/src/guests/built-ins.ts",
        "await deps.onSetupCompleted?.(app, result);",
        'const body = JSON.stringify({ appId: app.id, tenantId: "acme" });\n        const init = { method: "POST", headers: { "content-type": "application/json", "x-breezeway-request": "1" } };\n        await fetch("/auth/installations/setup-completed", { ...init, body });',
      ),
    ],
  },
  {
    row: "TM-500",
    edits: [
      edit(
        "verify/src/verifier/issuer-verifier.ts",
        "if (session.proofKeyThumbprint !== request.proofKeyThumbprint) throw unproven(session);",
        "",
      ),
    ],
  },
];
