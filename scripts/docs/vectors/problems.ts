/** `problems.json`: the answer of every HTTP failure, from the one table of errors. */
import {
  BridgeError,
  HTTP_CODES,
  isErrorCode,
  toProblem,
  type ErrorCode,
} from "../../../shared/src/index.ts";

const REQUEST_ID = "7b0c1f52-3c1e-4d8e-9a51-2f1f0e6c2b1a";

export function problemVectors(): object {
  const plain = Object.keys(HTTP_CODES).map((code) => answerOf(known(code)));
  return {
    requestId: REQUEST_ID,
    cases: [
      ...plain,
      answerOf("SCOPE_MISSING", "with the scopes that are needed", {
        details: { scopes: ["orders:read", "orders:write"] },
      }),
      answerOf("RATE_LIMITED", "with a time to wait", {}, { retryAfterSeconds: 12 }),
      answerOf("PROOF_INVALID", "where proofs are asked for", {}, { scheme: "DPoP" }),
      answerOf("TOKEN_MISSING", "where proofs are asked for", {}, { scheme: "DPoP" }),
    ],
  };
}

function answerOf(
  code: ErrorCode,
  condition?: string,
  error: ConstructorParameters<typeof BridgeError>[2] = {},
  options: Partial<Parameters<typeof toProblem>[1]> = {},
): object {
  // `detail` is for people and may change, so the vectors leave it out.
  const { status, headers, problem } = toProblem(new BridgeError(code, "", error), {
    requestId: REQUEST_ID,
    ...options,
  });
  const { detail: _, ...body } = problem;
  const name = condition === undefined ? problem.reason : `${problem.reason}, ${condition}`;
  return { name, status, headers, body };
}

function known(code: string): ErrorCode {
  if (!isErrorCode(code)) throw new Error(`${code} is not in the table of errors.`);
  return code;
}
