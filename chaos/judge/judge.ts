/** Compares each answer with what must hold, and keeps what does not. */
import { HTTP_CODES, codeOfReason, isHttpCode, type ErrorReason } from "@breezeway/shared";
import type { FaultLog } from "./fault-log.ts";
import type { Timing } from "./timing.ts";

/** The time limits of the parts run while a part waits for a processor: waiting for so long reaches some. */
const STARVED_MS = 1_000;
/** Different violations that are kept; equal ones are counted. */
const MAX_VIOLATIONS = 40;

export type Role = "issuer" | "gateway";

export interface Target {
  readonly part: string;
  readonly role: Role;
}

/** What came back. `reason`: of a problem+json body. */
export type Outcome =
  | { readonly kind: "silent"; readonly why: string }
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly reason: string | undefined;
      readonly body: string;
      readonly cookie: string | undefined;
    };

export type Answered = Extract<Outcome, { readonly kind: "answered" }>;

export interface Exchange extends Timing {
  readonly target: Target;
  /** Such as `POST /session/token`. */
  readonly request: string;
  readonly outcome: Outcome;
}

/** The answer, unless the request was refused or got no answer. */
export function acceptedBy({ outcome }: Exchange): Answered | undefined {
  return outcome.kind === "answered" && outcome.status < 400 ? outcome : undefined;
}

export interface Judge {
  /**
   * Checks that a failure has its reason and an excuse.
   *
   * @param expected Reasons for which this request must or may be refused without a fault.
   */
  answer(exchange: Exchange, expected?: readonly ErrorReason[]): void;
  /** Checks a request with what was ended at `sinceMs`: from a time on, no part may accept it. */
  ended(exchange: Exchange, what: string, sinceMs: number): void;
  /** Records that something that must hold does not. */
  violation(text: string): void;
  /** In words, with the times of the first and the last one of its kind. */
  readonly violations: readonly string[];
  /** The number of answers by what they were, such as `200` or `503 store-unavailable`. */
  readonly answers: ReadonlyMap<string, number>;
  /** Answers that would have been violations without the fault that excuses them. */
  readonly excused: number;
  /** Answers "wait" of a machine that was too busy. On an idle machine there are none. */
  readonly starved: number;
  /** Requests of ended sessions and removed keys that came after their time. */
  readonly lateRequests: number;
}

export interface JudgeDeps {
  readonly log: Pick<FaultLog, "excuses" | "knownBy">;
  readonly now: () => number;
}

export function createJudge({ log, now }: JudgeDeps): Judge {
  const violations = createViolations(now);
  const answers = new Map<string, number>();
  let excused = 0;
  let lateRequests = 0;
  let starved = 0;

  const excuse = (exchange: Exchange, reason: ErrorReason | undefined, text: string): void => {
    const { part, role } = exchange.target;
    const isExcused = log.excuses(exchange, (fault) =>
      reason === undefined ? fault.silent.includes(part) : fault[role].includes(reason),
    );
    if (isExcused) excused += 1;
    else if (exchange.starvedMs >= STARVED_MS && isWait(reason)) starved += 1;
    else violations.add(text);
  };

  return {
    answers,
    violation: violations.add,
    get violations() {
      return violations.lines();
    },
    get excused() {
      return excused;
    },
    get starved() {
      return starved;
    },
    get lateRequests() {
      return lateRequests;
    },
    answer(exchange, expected = []) {
      const { outcome, target, request } = exchange;
      const where = `${request} at ${target.part}`;
      const name =
        outcome.kind === "silent"
          ? "no answer"
          : [outcome.status, ...(outcome.reason === undefined ? [] : [outcome.reason])].join(" ");
      answers.set(name, (answers.get(name) ?? 0) + 1);
      if (outcome.kind === "silent") {
        excuse(
          exchange,
          undefined,
          `${where} got no answer (${outcome.why}), and no fault explains it`,
        );
        return;
      }
      if (outcome.status < 400) return;
      const reason = knownReason(outcome.status, outcome.reason);
      if (reason === undefined) {
        violations.add(
          `${where} failed without a reason of the table: ${name} ${outcome.body.slice(0, 200)}`,
        );
      } else if (!expected.includes(reason)) {
        excuse(exchange, reason, `${where} was refused with ${name}, and no fault explains it`);
      }
    },
    ended(exchange, what, sinceMs) {
      const { target, sentAtMs, request, outcome } = exchange;
      if (outcome.kind === "silent" || sentAtMs <= log.knownBy(target.part, sinceMs)) return;
      lateRequests += 1;
      if (outcome.status >= 400) return;
      const lateMs = Math.round(sentAtMs - sinceMs);
      violations.add(
        `${request} at ${target.part} accepted ${what} ${lateMs} ms after its end was acknowledged`,
      );
    },
  };
}

interface Violations {
  readonly add: (text: string) => void;
  readonly lines: () => readonly string[];
}

function createViolations(now: () => number): Violations {
  const kinds = new Map<string, { count: number; readonly firstAtMs: number; lastAtMs: number }>();
  const seconds = (ms: number): string => (ms / 1_000).toFixed(1);
  return {
    add(text) {
      const atMs = now();
      const kind = kinds.get(text);
      if (kind) {
        kind.count += 1;
        kind.lastAtMs = atMs;
      } else if (kinds.size < MAX_VIOLATIONS) {
        kinds.set(text, { count: 1, firstAtMs: atMs, lastAtMs: atMs });
      }
    },
    lines: () =>
      [...kinds].map(([text, { count, firstAtMs, lastAtMs }]) =>
        count === 1
          ? `${seconds(firstAtMs)} s: ${text}`
          : `${seconds(firstAtMs)} to ${seconds(lastAtMs)} s, ${count} times: ${text}`,
      ),
  };
}

/** The reason, when the table of errors has it with this status, and it is not a failure of the program. */
function knownReason(status: number, reason: string | undefined): ErrorReason | undefined {
  const code = reason === undefined ? undefined : codeOfReason(reason);
  if (code === undefined || !isHttpCode(code) || code === "INTERNAL_ERROR") return undefined;
  return HTTP_CODES[code][0] === status ? (reason as ErrorReason) : undefined;
}

/** Silence, or a reason after which the same request can succeed later. */
function isWait(reason: ErrorReason | undefined): boolean {
  const code = reason === undefined ? undefined : codeOfReason(reason);
  return code === undefined || (HTTP_CODES[code][0] !== 401 && HTTP_CODES[code][1] === "wait");
}
