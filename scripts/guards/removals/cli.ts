import { edit, type Removal } from "../removal.ts";

export const cli: readonly Removal[] = [
  {
    row: "TM-520",
    edits: [
      edit(
        "cli/src/serve/secrets.ts",
        "throw invalid(`${source}.env: ",
        "throw invalid(`${source}.env ${place.env}: ",
      ),
    ],
  },
  {
    row: "TM-521",
    edits: [
      edit(
        "cli/src/serve/read-text.ts",
        "if ((file.mode & WORLD_WRITABLE) !== 0) {",
        "if (file.mode < 0) {",
      ),
    ],
  },
  {
    row: "TM-522",
    edits: [
      edit(
        "issuer/src/login/dev-login-options.ts",
        'if (environment === "production") {',
        'if (environment === "nowhere") {',
      ),
    ],
  },
  {
    row: "TM-523",
    edits: [
      edit("cli/src/serve/reload.ts", 'log.event("reload-refused", { why });', "throw error;"),
    ],
  },
  {
    row: "TM-526",
    edits: [
      edit(
        "cli/src/serve/reason-for.ts",
        "if (!BridgeError.is(error)) return codeOf(error) ?? codeOf(error.cause) ?? error.name;\n  const code = codeOf(error.cause);",
        "if (!BridgeError.is(error)) return error.message;\n  const code = error.cause instanceof Error ? error.cause.message : undefined;",
      ),
    ],
  },
  {
    row: "TM-590",
    edits: [
      edit(
        "cli/src/serve/hooks.ts",
        "return within(timeoutMs, result, () => {",
        "return within(timeoutMs * 1e6, result, () => {",
      ),
    ],
  },
  {
    row: "TM-591",
    edits: [
      edit(
        "cli/src/serve/start-serve.ts",
        "reload: () => void started.promise.then((reloadNow) => reloadNow()),",
        "reload: () => undefined,",
      ),
    ],
  },
  {
    row: "TM-594",
    edits: [edit("cli/src/serve/read-text.ts", "if ((mode & STICKY) === 0) {", "if (mode < 0) {")],
  },
  {
    row: "TM-595",
    edits: [
      edit(
        "cli/src/store-flag.ts",
        "if (store !== undefined && hasPassword(store)) {",
        'if (store === "" && hasPassword(store)) {',
      ),
    ],
  },
  {
    row: "TM-596",
    edits: [
      edit(
        "cli/src/printable.ts",
        'return text.replaceAll(HIDDEN, "�");',
        "return text.replaceAll(HIDDEN, (hidden) => hidden);",
      ),
    ],
  },
];
