/**
 * `docs/errors.md`, from the one table of errors. `node scripts/docs/errors-page.ts` writes it; a
 * test compares it.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  ERROR_CODES,
  ERROR_HINTS,
  HTTP_CODES,
  isErrorCode,
  isHttpCode,
  isRetryable,
  reasonOf,
  type ErrorCode,
} from "../../shared/src/index.ts";
import { ROOT } from "../suite/root.ts";
import { formatted } from "../setup/formatted.ts";

export const ERRORS_PAGE: string = join(ROOT, "docs/errors.md");

const INTRODUCTION = `# Errors

Every failure has a code and a message. The code is stable; programs branch on \`BridgeError.code\`. The
message is for people and may change: a browser's production build has a link to this page in the place of
[words](guides/bundlers.md#words-of-errors). HTTP answers are \`application/problem+json\`
([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) with the code in kebab case as \`reason\`.

\`action\` says what the caller should do:

- \`refresh\`: get a fresh session token and retry once. The guest SDK does this itself.
- \`login\`: the user must sign in.
- \`step-up\`: the user must sign in again, or with a stronger method.
- \`wait\`: retry later, after the time in \`Retry-After\` if it is present.
- \`none\`: the same request will fail again.

An error is retryable when the same operation can succeed later without any change.

<!-- Written by scripts/docs/errors-page.ts from shared/src/errors; do not edit. -->
`;

export async function renderErrorsPage(): Promise<string> {
  const http = Object.entries(HTTP_CODES).map(([code, [status, action]]) =>
    row([nameOf(code), `\`${reasonOf(known(code))}\``, String(status), action, ...rest(code)]),
  );
  const bridge = ERROR_CODES.filter((code) => !isHttpCode(code)).map((code) =>
    row([nameOf(code), ...rest(code)]),
  );
  const page = [
    INTRODUCTION,
    "## From HTTP endpoints",
    "",
    row(["Code", "Reason", "Status", "Action", "Retryable", "Meaning"]),
    row(["---", "---", "---", "---", "---", "---"]),
    ...http,
    "",
    "## On the bridge and in configuration",
    "",
    row(["Code", "Retryable", "Meaning"]),
    row(["---", "---", "---"]),
    ...bridge,
  ];
  return formatted("page.md", page.join("\n"));
}

/** The code with its anchor: the \`type\` of a problem ends in \`#token-expired\`. */
function nameOf(code: string): string {
  return `<a id="${reasonOf(known(code))}"></a>\`${code}\``;
}

function rest(code: string): [retryable: string, meaning: string] {
  return [isRetryable(known(code)) ? "yes" : "no", ERROR_HINTS[known(code)]];
}

function known(code: string): ErrorCode {
  if (!isErrorCode(code)) throw new Error(`${code} is not in the table`);
  return code;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

if (import.meta.main) await writeFile(ERRORS_PAGE, await renderErrorsPage());
