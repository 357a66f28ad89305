import { edit, type Removal } from "../removal.ts";

export const issuer: readonly Removal[] = [
  {
    row: "TM-301",
    edits: [
      edit(
        "issuer/src/sessions/secret-rotation.ts",
        'if (standing === "reused") throw await ending.endForReuse(record, context);',
        'if (standing === "reused") throw sessionMissing();',
      ),
    ],
  },
  {
    row: "TM-302",
    edits: [
      edit(
        "issuer/src/sessions/secret-rotation.ts",
        "const record = await store.findBySelector(secret.selectorHash);",
        'const record =\n        (await store.findBySelector(secret.selectorHash)) ??\n        (await store.findByHandle(Buffer.from(secret.selector).toString("base64url")));',
      ),
    ],
  },
  {
    row: "TM-303",
    edits: [
      edit(
        "issuer/src/http/csrf.ts",
        "if (origin !== null && origin !== policy.ownOrigin && !isTrusted) {",
        'if (origin === "" && !isTrusted) {',
      ),
    ],
  },
  {
    row: "TM-304",
    edits: [
      edit(
        "issuer/src/http/session-cookie.ts",
        'return values.length === 1 && values[0] !== ""',
        'return values[0] !== ""',
      ),
    ],
  },
  {
    row: "TM-305",
    edits: [
      edit(
        "issuer/src/login/oidc-login.ts",
        "const attempt = presented && (await attempts.take(presented.secretHash, clock.now()));",
        'const attempt = await attempts.take(presented?.secretHash ?? "", clock.now());',
      ),
      edit(
        "issuer/src/login/login-attempts.ts",
        '.where("id_hash", "=", idHash)',
        '.where("id_hash", "!=", "")',
      ),
    ],
  },
  {
    row: "TM-306",
    edits: [
      edit(
        "issuer/src/login/dev-login-options.ts",
        'if (environment === "production") {',
        'if (environment === "nowhere") {',
      ),
    ],
  },
  {
    row: "TM-307",
    edits: [
      edit("issuer/src/tokens/claims-hook.ts", "if (RESERVED.has(name)) {", 'if (name === "") {'),
    ],
  },
  {
    row: "TM-308",
    edits: [
      edit(
        "issuer/src/keys/local-vault.ts",
        ": await encryptJwk(privateJwk, encryptionSecret),",
        ": JSON.stringify(privateJwk),",
      ),
    ],
  },
  {
    row: "TM-309",
    edits: [
      edit(
        "issuer/src/keys/key-succession.ts",
        "await store.setTimes(key.kid, { removedAtMs: nowMs }, nowMs);",
        "",
      ),
    ],
  },
  {
    row: "TM-310",
    edits: [
      edit(
        "issuer/src/changes/change-watcher.ts",
        "isFresh: () => reader.ageMs() < MAX_STALENESS_MS,",
        "isFresh: () => reader.ageMs() < Infinity,",
      ),
      edit(
        "issuer/src/changes/change-watcher.ts",
        "await withStore(store, () => store.watch(syncInBackground));",
        "",
      ),
      edit(
        "issuer/src/changes/change-watcher.ts",
        "timer = setInterval(syncInBackground, store.pollIntervalMs);",
        "timer = setInterval(() => undefined, store.pollIntervalMs);",
      ),
    ],
  },
  {
    row: "TM-311",
    edits: [
      edit(
        "issuer/src/http/rate-limits.ts",
        "await consume(sessionAndApp, `${handle} ${appId}`);",
        "",
      ),
    ],
  },
  {
    row: "TM-312",
    edits: [
      edit(
        "issuer/src/http/router.ts",
        "const reason = BridgeError.is(error) && isHttpCode(error.code) ? error.reason : undefined;",
        "const reason = request.url;",
      ),
    ],
  },
  {
    row: "TM-313",
    edits: [
      edit(
        "issuer/src/sessions/session-revocation.ts",
        "const ended = await revokeSlice(transaction, handles, { reason, nowMs });",
        "const ended = await revokeSlice(db as never, handles, { reason, nowMs });",
      ),
    ],
  },
  {
    row: "TM-314",
    edits: [
      edit(
        "issuer/src/http/stream-registry.ts",
        "accounts.every(({ held, bound }) => held < (isReserved ? bound.few : bound.most));",
        "accounts.every(({ held, bound }) => held < (isReserved ? bound.few : total));",
      ),
    ],
  },
  {
    row: "TM-315",
    edits: [
      edit(
        "issuer/src/http/router.ts",
        "assertSameOrigin(request.headers, origins);\n      await limits.request(context.address);",
        "await limits.request(context.address);\n      assertSameOrigin(request.headers, origins);",
      ),
    ],
  },
  {
    row: "TM-316",
    edits: [
      edit(
        "issuer/src/node/client-address.ts",
        "if (address === undefined || !isTrusted(address) || isIP(previous) === 0) break;",
        "if (address === undefined || isIP(previous) === 0) break;",
      ),
    ],
  },
  {
    row: "TM-317",
    edits: [edit("issuer/src/tokens/mint.ts", "rev: position,", "rev: Number.MAX_SAFE_INTEGER,")],
  },
  {
    row: "TM-319",
    edits: [
      edit(
        "issuer/src/http/session-cookie.ts",
        'pair.replace(/^[ \\t]+|[ \\t]+$/g, "")',
        "pair.trim()",
      ),
    ],
  },
  {
    row: "TM-320",
    edits: [
      edit(
        "issuer/src/http/csrf.ts",
        'if (site === null || site === "same-origin" || site === "none") return;',
        'if (site !== "") return;',
      ),
    ],
  },
  {
    row: "TM-321",
    edits: [
      edit("issuer/src/limits.ts", "user: { most: 256, few: 4 }", "user: { most: 20_000, few: 4 }"),
    ],
  },
  {
    row: "TM-322",
    edits: [
      edit("issuer/src/login/oidc-client.ts", "      [oidc.customFetch]: boundedFetch,\n", ""),
    ],
  },
  {
    row: "TM-323",
    edits: [edit("issuer/src/login/oidc-client.ts", "assertIssued(claims.iat, clock);", "")],
  },
  {
    row: "TM-670",
    edits: [
      edit(
        "issuer/src/keys/key-schedule.ts",
        "key.activatedAtMs !== undefined || key.activatesAtMs <= nowMs",
        "key.activatesAtMs <= nowMs",
      ),
    ],
  },
  {
    row: "TM-671",
    edits: [
      edit("issuer/src/login/login-attempts.ts", " || row.expires_at_ms > latestEnd(nowMs)", ""),
    ],
  },
  {
    row: "TM-672",
    edits: [
      edit(
        "issuer/src/http/rate-limits.ts",
        'if (own > FEW_LOGINS) await consume(loginsOfMany, "all");',
        'if (own < 0) await consume(loginsOfMany, "all");',
      ),
    ],
  },
  {
    row: "TM-674",
    edits: [
      edit(
        "issuer/src/changes/change-log.ts",
        ".$if(recent !== undefined, (query) =>",
        ".$if(recent?.seq === 0, (query) =>",
      ),
    ],
  },
  {
    row: "TM-335",
    edits: [
      edit(
        "issuer/src/installations/backend-call.ts",
        'redirect: "manual",',
        'redirect: "follow" as "manual",',
      ),
    ],
  },
  {
    row: "TM-336",
    edits: [
      edit(
        "issuer/src/installations/backend-call.ts",
        "readBoundedText(response, MAX_ANSWER_BYTES)",
        "readBoundedText(response, MAX_ANSWER_BYTES * 8_192)",
      ),
    ],
  },
  {
    row: "TM-337",
    edits: [
      edit(
        "issuer/src/installations/installation-worker.ts",
        "(counts.get(appId) ?? 0) >= MAX_CALLS_PER_APP",
        "(counts.get(appId) ?? 0) >= MAX_CALLS",
      ),
    ],
  },
  {
    row: "TM-338",
    edits: [
      edit(
        "issuer/src/installations/backend-call.ts",
        '.replace(/[\\s\\p{Cc}\\p{Bidi_Control}]+/gu, " ")',
        '.replace(/\\s+/gu, " ")',
      ),
    ],
  },
  {
    row: "TM-339",
    edits: [
      edit(
        "issuer/src/http/routes/managing.ts",
        "if (verdict === true) return;",
        'if (verdict !== "refused") return;',
      ),
    ],
  },
  {
    row: "TM-340",
    edits: [
      edit("issuer/src/http/routes/installation-routes.ts", 'guard: "change",', 'guard: "none",'),
    ],
  },
  {
    row: "TM-341",
    edits: [
      edit(
        "issuer/src/http/routes/managing.ts",
        "if (tenantId !== record.tenantId) {",
        'if (tenantId === "") {',
      ),
    ],
  },
  {
    row: "TM-343",
    edits: [
      edit(
        "issuer/src/installations/installation-machine.ts",
        "dueAtMs: leased ? record.dueAtMs : nowMs,",
        "dueAtMs: nowMs,",
      ),
    ],
  },
  {
    row: "TM-344",
    edits: [
      edit(
        "issuer/src/installations/installation-machine.ts",
        'return state === "setup" || state === "installed";',
        'return state === "setup" || state === "installed" || state === "uninstalling";',
      ),
    ],
  },
  {
    row: "TM-345",
    edits: [
      edit(
        "issuer/src/by-tenant.ts",
        "if (reads.get(tenantId) !== mine) return load(tenantId);",
        "",
      ),
    ],
  },
  {
    row: "TM-347",
    edits: [
      edit(
        "issuer/src/http/routes/installation-routes.ts",
        "await limits.installation(tenantId, command);",
        "",
      ),
    ],
  },
  {
    row: "TM-348",
    edits: [
      edit(
        "issuer/src/by-tenant.ts",
        "known.delete(tenantId);",
        "known.clear();\n        reads.clear();",
      ),
    ],
  },
  {
    row: "TM-509",
    edits: [
      edit(
        "issuer/src/tokens/app-mint.ts",
        "if (app.proofRequired === true && proofKeyThumbprint === undefined) {",
        'if (app.id === "" && proofKeyThumbprint === undefined) {',
      ),
    ],
  },
  {
    row: "TM-510",
    edits: [
      edit("issuer/src/tokens/claims-hook.ts", "if (RESERVED.has(name)) {", 'if (name === "") {'),
    ],
  },
  {
    row: "TM-524",
    edits: [
      edit(
        "issuer/src/create-issuer.ts",
        "for (const appId of apps.replaceSeed(next)) unrevoked.add(appId);",
        "apps.replaceSeed(next);",
      ),
    ],
  },
  {
    row: "TM-525",
    edits: [
      edit(
        "issuer/src/changes/change-watcher.ts",
        "isFresh: () => reader.ageMs() < MAX_STALENESS_MS,",
        "isFresh: () => reader.ageMs() < Infinity,",
      ),
      edit(
        "issuer/src/changes/change-watcher.ts",
        "await withStore(store, () => store.watch(syncInBackground));",
        "",
      ),
      edit(
        "issuer/src/changes/change-watcher.ts",
        "timer = setInterval(syncInBackground, store.pollIntervalMs);",
        "timer = setInterval(() => undefined, store.pollIntervalMs);",
      ),
    ],
  },
  {
    row: "TM-530",
    edits: [edit("issuer/src/installations/guarded-fetch.ts", "blockList: refused,", "")],
  },
  {
    row: "TM-531",
    edits: [edit("issuer/src/installations/guarded-fetch.ts", "blockList: refused,", "")],
  },
  {
    row: "TM-532",
    edits: [
      edit(
        "issuer/src/installations/refused-addresses.ts",
        'for (const form of TRANSLATED) refused.addSubnet(form + network, 96 + prefix, "ipv6");',
        "",
      ),
    ],
  },
  {
    row: "TM-533",
    edits: [
      edit(
        "issuer/src/runtime/open-runtime.ts",
        ": () => withStore(store, () => store.nowMs()),",
        ": () => Promise.resolve(systemClock().now()),",
      ),
    ],
  },
  {
    row: "TM-534",
    edits: [
      edit(
        "issuer/src/installations/installation-machine.ts",
        "return dueAtMs <= nowMs || dueAtMs > nowMs + MAX_DUE_AHEAD_MS;",
        "return dueAtMs <= nowMs;",
      ),
    ],
  },
  {
    row: "TM-535",
    edits: [
      edit(
        "issuer/src/installations/installation-machine.ts",
        "const { appId, tenantId, id } = current;",
        "const { appId, tenantId } = current;\n  const id = leaseId;",
      ),
    ],
  },
  {
    row: "TM-536",
    edits: [
      edit(
        "issuer/src/stored-id.ts",
        '(id) => !id.includes("\\0") && id.isWellFormed(),',
        "() => true,",
      ),
    ],
  },
  {
    row: "TM-550",
    edits: [
      edit(
        "issuer/src/http/routes/revocation-routes.ts",
        "if (!liveness.isLive) opened.close();",
        "",
      ),
    ],
  },
  {
    row: "TM-551",
    edits: [
      edit(
        "issuer/src/node/node-handler.ts",
        "if (endsConnection(answered)) response.shouldKeepAlive = false;",
        "",
      ),
    ],
  },
  {
    row: "TM-552",
    edits: [
      edit(
        "issuer/src/changes/feed-liveness.ts",
        "const MAX_WAIT_MS = 1_000;",
        "const MAX_WAIT_MS = 100_000_000;",
      ),
    ],
  },
  {
    row: "TM-553",
    edits: [
      edit(
        "issuer/src/changes/change-watcher.ts",
        "if (latest === seq) return true;",
        "if (latest <= seq) return true;",
      ),
    ],
  },
  {
    row: "TM-555",
    edits: [
      edit(
        "issuer/src/node/serve-options.ts",
        'return parseOptions(serveOptions, options, "serveIssuer");',
        "return options;",
      ),
    ],
  },
  {
    row: "TM-592",
    edits: [
      edit(
        "issuer/src/changes/change-watcher.ts",
        "isFresh: () => reader.ageMs() < MAX_STALENESS_MS,",
        "isFresh: () => reader.ageMs() < Infinity,",
      ),
      edit(
        "issuer/src/changes/change-watcher.ts",
        "await withStore(store, () => store.watch(syncInBackground));",
        "",
      ),
      edit(
        "issuer/src/changes/change-watcher.ts",
        "timer = setInterval(syncInBackground, store.pollIntervalMs);",
        "timer = setInterval(() => undefined, store.pollIntervalMs);",
      ),
    ],
  },
  {
    row: "TM-593",
    edits: [
      edit(
        "issuer/src/login/oidc-login.ts",
        "const user = await options.mapUser(identity);",
        'const user = (await options.mapUser(identity)) ?? {\n      userId: "nobody",\n      tenantId: "acme",\n    };',
      ),
    ],
  },
];
