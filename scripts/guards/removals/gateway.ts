import { edit, type Removal } from "../removal.ts";

export const gateway: readonly Removal[] = [
  {
    row: "TM-401",
    edits: [
      edit(
        "gateway/src/node/serve-gateway.ts",
        "if (isOtherProtocol(request)) {",
        'if (isOtherProtocol(request) && request.url === "") {',
      ),
    ],
  },
  {
    row: "TM-402",
    edits: [
      edit(
        "gateway/src/request/request-target.ts",
        'if (HIDDEN_DELIMITER.test(normalised.replaceAll(ENCODED_SLASH, "/"))) throw',
        'if (normalised === "" && HIDDEN_DELIMITER.test(normalised)) throw',
      ),
    ],
  },
  {
    row: "TM-403",
    edits: [
      edit(
        "gateway/src/request/inspect-headers.ts",
        "removeFields(found.forward, (name) => named.has(name));",
        "",
      ),
    ],
  },
  {
    row: "TM-404",
    edits: [edit("gateway/src/exchange/revocations.ts", "exchange.end(error);", "")],
  },
  {
    row: "TM-405",
    edits: [
      edit(
        "gateway/src/exchange/revocations.ts",
        'return feed?.status.state ?? "off";',
        'return "live";',
      ),
    ],
  },
  {
    row: "TM-406",
    edits: [
      edit(
        "gateway/src/node/serve-gateway.ts",
        "      headersTimeoutMs,\n",
        "      headersTimeoutMs: 3_600_000,\n",
      ),
    ],
  },
  {
    row: "TM-407",
    edits: [
      edit(
        "gateway/src/answer/cors.ts",
        "if (origin === undefined || !isRegistered(origin, policy)) {",
        "if (origin === undefined) {",
      ),
    ],
  },
  {
    row: "TM-408",
    edits: [
      edit(
        "gateway/src/node/upgrade.ts",
        'request.headers.upgrade?.toLowerCase() === "websocket"',
        "request.headers.upgrade !== undefined",
      ),
      edit(
        "gateway/src/exchange/upstream-request.ts",
        ' || headers.upgrade?.toLowerCase() !== "websocket") return null;',
        ") return null;",
      ),
    ],
  },
  {
    row: "TM-410",
    edits: [
      edit(
        "scripts/checks/gateway-signing.ts",
        ".filter((path) => SIGNING_FILES.test(path))",
        ".filter(() => false)",
      ),
    ],
  },
  {
    row: "TM-411",
    edits: [
      edit(
        "gateway/src/upstream/places.ts",
        'if (held(this.#bySession, handle) >= perSession) return tooMany("This session");',
        "",
      ),
    ],
  },
  {
    row: "TM-412",
    edits: [
      edit(
        "gateway/src/decision/route-table.ts",
        "(METHOD.test(method) ? others : undefined)",
        "others",
      ),
    ],
  },
  {
    row: "TM-413",
    edits: [edit("gateway/src/request/header-kinds.ts", '"x-http-method-override",', "")],
  },
  {
    row: "TM-414",
    edits: [
      edit(
        "gateway/src/decision/route-table.ts",
        "const route = find(foldPath(path));",
        "const route = find(foldPath(path)) && find(path);",
      ),
    ],
  },
  {
    row: "TM-415",
    edits: [
      edit(
        "gateway/src/answer/response-headers.ts",
        "if (route === undefined || (isCookie && !route.forwardCookies)) return;",
        "if (route === undefined) return;",
      ),
    ],
  },
  {
    row: "TM-416",
    edits: [
      edit(
        "gateway/src/reverse-proxies/original-request.ts",
        "if (first === undefined || requests.length > 1) {",
        "if (first === undefined) {",
      ),
    ],
  },
  {
    row: "TM-417",
    edits: [
      edit("gateway/src/observe/is-insider.ts", "if (PROXY_HEADER.test(name)) return false;", ""),
    ],
  },
  {
    row: "TM-418",
    edits: [
      edit(
        "gateway/src/limits/refusal-limit.ts",
        "if (limited.size === 0) return;",
        "if (limited.size >= 0) return;",
      ),
    ],
  },
  {
    row: "TM-419",
    edits: [
      edit(
        "gateway/src/limits/store-guard.ts",
        "return await Promise.race([ask(), late.promise]);",
        "return await ask();",
      ),
    ],
  },
  {
    row: "TM-420",
    edits: [
      edit(
        "gateway/src/request/session-cookie.ts",
        "/^(?:=|(?:__Host-|__Secure-)?breezeway)/i",
        "/^(?:(?:__Host-|__Secure-)?breezeway)/i",
      ),
    ],
  },
  {
    row: "TM-421",
    edits: [
      edit(
        "verify/src/revocation/revocation-feed.ts",
        "maxSilenceMs: config.maxSilenceMs,",
        "maxSilenceMs: config.maxSilenceMs * 1_000,",
      ),
    ],
  },
  {
    row: "TM-422",
    edits: [
      edit(
        "examples/reverse-proxies/traefik.yaml",
        "(?i)^(x[^a-z0-9]breezeway",
        "(?i)^(x-breezeway",
      ),
    ],
  },
  {
    row: "TM-424",
    edits: [edit("gateway/src/limits/refusal-limit.ts", "if (mayRenew(token, nowMs)) return;", "")],
  },
  {
    row: "TM-425",
    edits: [
      edit(
        "gateway/src/observe/serve-operations.ts",
        "if (isLocal && !namesLoopback(request.headers.host)) {",
        'if (isLocal && request.headers.host === "") {',
      ),
    ],
  },
  {
    row: "TM-426",
    edits: [
      edit(
        "gateway/src/upstream/trailer-fields.ts",
        "if (mayBeTrailer(name) && !named.has(name)) list.push(",
        "if (!named.has(name)) list.push(",
      ),
    ],
  },
  {
    row: "TM-427",
    edits: [edit("gateway/src/answer/response-headers.ts", '"clear-site-data",', "")],
  },
  {
    row: "TM-428",
    failure: "ERR_HTTP_HEADERS_SENT",
    edits: [
      edit(
        "gateway/src/node/node-client.ts",
        "this.#headers = undefined;\n    const isAwaited",
        "const isAwaited",
      ),
    ],
  },
  {
    row: "TM-501",
    edits: [
      edit(
        "verify/src/verifier/issuer-verifier.ts",
        "if (session.proofKeyThumbprint !== request.proofKeyThumbprint) throw unproven(session);",
        "",
      ),
    ],
  },
  {
    row: "TM-502",
    run: { file: "verify/src/adapters/conformance.test.ts", title: "" },
    edits: [
      edit(
        "verify/src/verifier/issuer-verifier.ts",
        "if (session.proofKeyThumbprint !== request.proofKeyThumbprint) throw unproven(session);",
        "",
      ),
    ],
  },
  {
    row: "TM-503",
    edits: [
      edit(
        "verify/src/proof/replay-guard.ts",
        "if (own?.has(proofId) === true || before?.has(proofId) === true) {",
        "if (own?.has(proofId) === true && before?.has(proofId) === true) {",
      ),
    ],
  },
  {
    row: "TM-504",
    edits: [
      edit(
        "verify/src/proof/proof-verifier.ts",
        "return asked.origin === origin && asked.pathname === whole;",
        'return origin !== "" && asked.pathname === whole;',
      ),
    ],
  },
  {
    row: "TM-511",
    edits: [
      edit(
        "gateway/src/config/parse-options.ts",
        "if (route === undefined) return;",
        "if (route !== null) return;",
      ),
    ],
  },
  {
    row: "TM-540",
    edits: [
      edit(
        "gateway/src/node/upgrade.ts",
        "const isFree = socket.gatewayResponse === undefined;",
        "const isFree = socket.gatewayResponse !== null;",
      ),
    ],
  },
  {
    row: "TM-560",
    edits: [
      edit(
        "gateway/src/upstream/answer-heads.ts",
        "this.#interim <= MAX_INTERIM_ANSWERS &&",
        "this.#interim <= MAX_INTERIM_ANSWERS * 1e4 &&",
      ),
    ],
  },
  {
    row: "TM-561",
    edits: [
      edit(
        "gateway/src/upstream/answer-heads.ts",
        "return withoutTab(bytes, end);",
        "return bytes;",
      ),
    ],
  },
  {
    row: "TM-562",
    edits: [
      edit(
        "gateway/src/node/serve-gateway.ts",
        'server.on("clientError", (error, socket) => {',
        'Object.assign(server, { httpAllowHalfOpen: true });\n  server.on("clientError", (error, socket) => {',
      ),
    ],
  },
  {
    row: "TM-563",
    edits: [
      edit(
        "gateway/src/request/header-kinds.ts",
        'return isProxyClaim(cgiName) && !HARMLESS_HEADERS.includes(name) ? "proxy-claim" : "forward";',
        'return "forward";',
      ),
    ],
  },
  {
    row: "TM-564",
    edits: [
      edit(
        "gateway/src/decision/use-proof.ts",
        "if (rateLimits.isStoreUp === undefined) return undefined;",
        "if (rateLimits.isStoreUp !== false) return undefined;",
      ),
    ],
  },
  {
    row: "TM-565",
    edits: [
      edit(
        "gateway/src/reverse-proxies/authz.ts",
        'if (request.proof !== undefined) await useProof(this.#deps, request.proof, session);\n    if (!isRepeated) await this.#limit(request, session, "count");',
        'if (!isRepeated) await this.#limit(request, session, "count");\n    if (request.proof !== undefined) await useProof(this.#deps, request.proof, session);',
      ),
    ],
  },
  {
    row: "TM-566",
    edits: [
      edit(
        "gateway/src/limits/rate-limits.ts",
        "if (PLAIN_KEY.test(key)) return key;",
        'if (key !== "") return key;',
      ),
    ],
  },
  {
    row: "TM-567",
    edits: [
      edit(
        "gateway/src/limits/parse-store.ts",
        'const context = { code: "CONFIG_INVALID", source } as const;',
        'const context = { code: "CONFIG_INVALID", source: source + JSON.stringify(store) } as const;',
      ),
    ],
  },
  {
    row: "TM-568",
    edits: [
      edit(
        "gateway/src/config/check-issuer.ts",
        "if (url === undefined || isProtected(url)) continue;",
        'if (url !== "") continue;',
      ),
    ],
  },
  {
    row: "TM-569",
    edits: [
      edit(
        "gateway/src/answer/response-headers.ts",
        'if (name === "content-length" && (status === 204 || status < 200)) continue;',
        "",
      ),
    ],
  },
  {
    row: "TM-570",
    edits: [edit("gateway/src/node/upgrade.ts", "socket.endsAfterAnswer = true;", "")],
  },
  {
    row: "TM-571",
    edits: [
      edit(
        "gateway/src/upstream/upstream-headers.ts",
        "if (status < 200 || status > 599) {",
        "if (status < 0) {",
      ),
    ],
  },
  {
    row: "TM-409",
    edits: [
      edit(
        "examples/reverse-proxies/nginx.conf",
        "proxy_set_header X-Breezeway-User $breezeway_user;",
        "",
      ),
    ],
  },
  {
    row: "TM-423",
    edits: [edit("examples/reverse-proxies/nginx.conf", "auth_request /breezeway_authz;", "")],
  },
  {
    row: "TM-541",
    edits: [
      edit(
        "examples/reverse-proxies/nginx.conf",
        "proxy_pass_request_headers off;\n      # <header rules",
        "# <header rules",
      ),
    ],
  },
  {
    row: "TM-575",
    edits: [
      edit(
        "gateway/src/exchange/exchange.ts",
        'this.end(failure, failure.reason.startsWith("upstream-") ? "failed" : this.#outcome);',
        'this.end(failure, "failed");',
      ),
    ],
  },
  {
    row: "TM-576",
    edits: [
      edit(
        "examples/reverse-proxies/nginx.conf",
        "proxy_pass_request_headers off;\n      proxy_set_header Origin $http_origin;\n      proxy_set_header Access",
        "proxy_set_header Access",
      ),
    ],
  },
  {
    row: "TM-577",
    edits: [
      edit(
        "gateway/src/request/fold-path.ts",
        "if (PLAIN.test(path)) return path.toLowerCase();",
        'if (path !== "") return path.toLowerCase();',
      ),
    ],
  },
  {
    row: "TM-578",
    edits: [
      edit(
        "gateway/src/upstream/places.ts",
        "return isReserved && !holdsFew ?",
        "return isReserved && ofUser > 1e9 ?",
      ),
    ],
  },
  {
    row: "TM-579",
    edits: [
      edit(
        "gateway/src/answer/response-headers.ts",
        "list.push(name, rewriteAddresses(name, single, route));",
        "list.push(name, single);",
      ),
    ],
  },
];
