/** Calls of the issuers' API inside their processes. They are judged as requests, by the code of their error. */
import { HTTP_CODES, isHttpCode, reasonOf } from "@breezeway/shared";
import type { Judge, Outcome } from "./judge/judge.ts";
import { startTiming } from "./judge/timing.ts";
import type { LoadDeps } from "./load/load-deps.ts";
import type { Part } from "./platform/part.ts";

export interface ControlDeps {
  readonly parts: ReadonlyMap<string, Part>;
  readonly judge: Pick<Judge, "answer">;
  readonly now: () => number;
}

export function createControl({ parts, judge, now }: ControlDeps): LoadDeps["control"] {
  return async ({ place, command, argument }) => {
    const timing = startTiming(now);
    let outcome: Outcome;
    let value: string | undefined;
    try {
      value = await parts.get(place.part)?.ask(command, argument);
      outcome = { kind: "answered", status: 200, reason: undefined, body: "", cookie: undefined };
    } catch (error) {
      outcome = failureOf(error);
    }
    judge.answer({ target: place, request: command, outcome, ...timing() });
    return value;
  };
}

function failureOf(error: unknown): Outcome {
  const text = error instanceof Error ? error.message : String(error);
  if (!isHttpCode(text)) return { kind: "silent", why: text };
  return {
    kind: "answered",
    status: HTTP_CODES[text][0],
    reason: reasonOf(text),
    body: text,
    cookie: undefined,
  };
}
