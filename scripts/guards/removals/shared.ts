import { edit, type Removal } from "../removal.ts";

export const shared: readonly Removal[] = [
  {
    row: "TM-111",
    edits: [
      edit(
        "shared/src/channel/channel.ts",
        "if (this.#violations < this.#limits.maxViolations) return;",
        "if (this.#violations > 0) return;",
      ),
    ],
  },
  {
    row: "TM-117",
    edits: [
      edit(
        "shared/src/schemas/manifest.ts",
        "sandbox: z._default(z.array(z.enum(SANDBOX_TOKENS)), [...DEFAULT_SANDBOX]),",
        "sandbox: z._default(z.array(z.any()), [...DEFAULT_SANDBOX]),",
      ),
    ],
  },
  {
    row: "TM-128",
    edits: [
      edit(
        "shared/src/contract/validate.ts",
        "${path && ` at ${path}`}.`",
        '${path && ` at ${path}`}. ${first?.message ?? ""}`',
      ),
    ],
  },
  {
    row: "TM-140",
    edits: [
      edit(
        "shared/src/protocol/normal-path.ts",
        'return isShort && !pathname.startsWith("//") ? normal : undefined;',
        "return isShort ? normal : undefined;",
      ),
    ],
  },
  {
    row: "TM-158",
    edits: [
      edit("shared/src/schemas/findings.ts", "const MAX_LISTED = 20;", "const MAX_LISTED = 1e6;"),
    ],
  },
  {
    row: "TM-597",
    edits: [
      edit(
        "shared/src/channel/measure.ts",
        "if (this.steps - steps >= STEPS_TO_REMEMBER) {",
        "if (this.steps - steps >= STEPS_TO_REMEMBER * 1e9) {",
      ),
      edit("shared/src/channel/measure.ts", "if (bytes === undefined) this.#refused ??= tag;", ""),
      edit(
        "shared/src/channel/measure.ts",
        "if (this.steps + length * 2 > this.#maxSteps) throw this.#tooManyValues();",
        "",
      ),
      edit(
        "shared/src/channel/measure.ts",
        "if (this.steps > this.#maxSteps) throw this.#tooManyValues();",
        "",
      ),
    ],
  },
  {
    row: "TM-599",
    edits: [
      edit(
        "shared/src/channel/gate.ts",
        "measurement.isWhole ? measurement.bytes : Math.max(measurement.bytes, byteBurst)",
        "measurement.bytes",
      ),
      edit(
        "shared/src/channel/gate.ts",
        "if (!measurement.isWhole || !BridgeError.is(error)) throw error;",
        "throw error;",
      ),
    ],
  },
  {
    row: "TM-598",
    edits: [
      edit(
        "shared/src/channel/gate.ts",
        "if (held > 0 && held + bytes > maxBytes) {",
        "if (held < 0) {",
      ),
    ],
  },
  {
    row: "TM-134",
    edits: [
      edit(
        "shared/src/channel/gate.ts",
        "mayRead: () => bytes.left() > -byteBurst,",
        "mayRead: () => true,",
      ),
    ],
  },
];
