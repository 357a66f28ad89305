import { edit, type Removal } from "../removal.ts";

export const verify: readonly Removal[] = [
  {
    row: "TM-201",
    edits: [
      edit(
        "verify/src/token/compact.ts",
        "if (Object.keys(others).length > 0)",
        "if (Object.keys(others).length > 99)",
      ),
    ],
  },
  {
    row: "TM-202",
    edits: [
      edit(
        "verify/src/verifier/issuer-verifier.ts",
        "if (!isTokenSignatureValid(compact, key)) {",
        "if (isTokenSignatureValid(compact, key) === undefined) {",
      ),
    ],
  },
  {
    row: "TM-210",
    edits: [
      edit(
        "verify/src/token/signature.ts",
        "Buffer.compare(s, HALF_ORDER) <= 0;",
        "Buffer.compare(s, HALF_ORDER) < 2;",
      ),
    ],
  },
  {
    row: "TM-203",
    edits: [edit("verify/src/limits.ts", "cooldownSeconds: 5,", "cooldownSeconds: 0,")],
  },
  {
    row: "TM-204",
    edits: [edit("verify/src/keys/fetch-jwks.ts", 'redirect: "manual",', 'redirect: "follow",')],
  },
  {
    row: "TM-205",
    edits: [
      edit(
        "verify/src/verifier/issuer-verifier.ts",
        "(kids) => cache.dropKeys(kids)",
        "() => undefined",
      ),
    ],
  },
  {
    row: "TM-206",
    edits: [
      edit(
        "verify/src/guard/session-guard.ts",
        'origin: request.header("origin"),',
        "origin: undefined,",
      ),
    ],
  },
  {
    row: "TM-208",
    edits: [
      edit(
        "verify/src/guard/revocation-check.ts",
        "if (!isReliable(feed)) throw unavailable();",
        "",
      ),
    ],
  },
  {
    row: "TM-209",
    edits: [
      edit(
        "verify/src/verifier/options.ts",
        "keys: keysOf(trusted, options, context.source),",
        "keys: keysOf(options.additionalIssuers?.[0] ?? options, options, context.source),",
      ),
    ],
  },
  {
    row: "TM-330",
    edits: [
      edit(
        "verify/src/lifecycle/lifecycle-verifier.ts",
        "if (!isTokenSignatureValid(compact, key)) {",
        "if (isTokenSignatureValid(compact, key) === undefined) {",
      ),
    ],
  },
  {
    row: "TM-331",
    edits: [
      edit(
        "verify/src/lifecycle/lifecycle-verifier.ts",
        "if (claims.contentDigest !== digest) {",
        "if (claims.contentDigest === undefined) {",
      ),
    ],
  },
  {
    row: "TM-332",
    edits: [
      edit(
        "verify/src/token/compact.ts",
        "if (typ !== expectedTyp)",
        "if (typ === undefined && expectedTyp)",
      ),
    ],
  },
  {
    row: "TM-333",
    edits: [
      edit(
        "verify/src/token/compact.ts",
        "if (typ !== expectedTyp)",
        "if (typ === undefined && expectedTyp)",
      ),
    ],
  },
  {
    row: "TM-334",
    test: 1,
    edits: [
      edit(
        "verify/src/lifecycle/lifecycle-verifier.ts",
        "if (nowSeconds >= claims.exp + rules.maxClockSkewSeconds) {",
        "if (nowSeconds >= claims.exp + 1e9) {",
      ),
    ],
  },
  {
    row: "TM-505",
    edits: [
      edit(
        "verify/src/proof/proof-verifier.ts",
        "if (!isSignatureValid({ signingInput, signature }, { alg: PROOF_ALGORITHM, key: key.key })) {",
        "if (!isSignatureValid({ signingInput, signature }, { alg: PROOF_ALGORITHM, key: key.key }) && 0) {",
      ),
    ],
  },
  {
    row: "TM-506",
    edits: [
      edit(
        "verify/src/proof/replay-guard.ts",
        "if (recent.size + older.size >= maxEntries || ofUser >= maxOfUser) {",
        "if (recent.size + older.size >= maxEntries * 99 || ofUser >= maxOfUser * 99) {",
      ),
    ],
  },
  {
    row: "TM-318",
    edits: [
      edit(
        "verify/src/verifier/issuer-verifier.ts",
        "if (isKeyRemoved(session.keyId, rules.issuer)) throw keyUnknown();",
        "",
      ),
    ],
  },
  {
    row: "TM-207",
    edits: [
      edit(
        "examples/go-net-http/session.go",
        'if origin != session.Claims["azp"] {',
        'if origin == "" {',
      ),
    ],
  },
  {
    row: "TM-673",
    edits: [
      edit(
        "verify/src/proof/replay-guard.ts",
        "now.monotonicMs - startedAt.monotonicMs",
        "now.wallMs - startedAt.wallMs",
      ),
    ],
  },
];
