import { edit, type Removal } from "../removal.ts";

export const devicesAndPrivacy: readonly Removal[] = [
  {
    row: "TM-730",
    failure: "Property failed",
    edits: [
      edit(
        "issuer/src/sessions/user-agent.ts",
        ": (browser ?? system);",
        ": (browser ?? system ?? text);",
      ),
    ],
  },
  {
    row: "TM-731",
    edits: [
      edit(
        "issuer/src/sessions/session-device.ts",
        "undefined : coarseNetwork(address)",
        "undefined : address",
      ),
    ],
  },
  {
    row: "TM-732",
    edits: [
      edit(
        "issuer/src/sessions/session-revocation.ts",
        "if (userId !== undefined) query",
        "if (userId !== undefined && handle === undefined) query",
      ),
    ],
  },
  {
    row: "TM-733",
    edits: [edit("issuer/src/http/routes/device-routes.ts", 'guard: "change"', 'guard: "none"')],
  },
  {
    row: "TM-734",
    edits: [
      edit(
        "issuer/src/sessions/session-revocation.ts",
        "if (exceptHandle !== undefined) query",
        'if (exceptHandle === "") query',
      ),
    ],
  },
  {
    row: "TM-735",
    edits: [
      edit(
        "issuer/src/users/user-export.ts",
        "...toInfo(record),",
        "...toInfo(record),\n    ...record,",
      ),
    ],
  },
  {
    row: "TM-736",
    edits: [
      edit(
        "issuer/src/users/user-rows.ts",
        '  "breezeway_grant_change",\n] as const;',
        "] as const;",
      ),
    ],
  },
  {
    row: "TM-737",
    edits: [
      edit(
        "issuer/src/users/user-erasure.ts",
        "if (!dryRun) await deps.sessions.revoke",
        "if (dryRun) await deps.sessions.revoke",
      ),
    ],
  },
  {
    row: "TM-738",
    edits: [
      edit(
        "verify/src/lifecycle/lifecycle-verifier.ts",
        "parsed.data.userId === claims.userId &&",
        "",
      ),
    ],
  },
  {
    row: "TM-739",
    edits: [
      edit(
        "cli/src/commands/users.ts",
        "if (!dryRun && !yes) {",
        'if (!dryRun && !yes && user === "") {',
      ),
    ],
  },
];
