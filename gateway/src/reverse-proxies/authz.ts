/**
 * `/authz`: the gateway's decision for engines that proxy themselves (nginx `auth_request`, Caddy
 * `forward_auth`, Traefik ForwardAuth, Envoy ext_authz). The same decision as the proxy's, by the same
 * functions.
 *
 * Rules:
 *  [AZ-1] Every identity header is in every answer, empty when there is nothing to say: engines copy
 *         what is missing as it was in the client's request, or as a literal placeholder (Caddy).
 *  [AZ-2] nginx knows 2xx, 401 and 403 and turns everything else into 500. It gets 403 for the
 *         rest, and asks again at `/authz/refusal` for the answer that the client should see.
 *  [AZ-3] A preflight carries no credential and is refused like anything without one: engines send
 *         preflights to the gateway itself, which answers them.
 */
import { BridgeError } from "@breezeway/shared";
import type { VerifiedSession } from "@breezeway/verify";
import { refusal, type Answer } from "../answer/refusal.ts";
import type { Policy } from "../decision/policy.ts";
import { corsHeaders } from "../answer/cors.ts";
import { authorise } from "../decision/authorise.ts";
import { examine, locate, prove, type Examined, type Located } from "../decision/examine.ts";
import type { RequestHead } from "../request/request-head.ts";
import { IDENTITY_HEADERS } from "../request/identity-headers.ts";
import { useProof } from "../decision/use-proof.ts";
import type { ObservedExchange } from "../observe/observer.ts";
import { identityOf } from "../request/forward-headers.ts";
import type { ExchangeServices } from "../exchange/services.ts";
import { inspectHeaders } from "../request/inspect-headers.ts";
import { originalRequest } from "./original-request.ts";

export const AUTHZ_PATH = "/authz";
/** Answers what {@link AUTHZ_PATH} refused, in full. */
export const REFUSAL_PATH = "/authz/refusal";

const ERROR_HEADER = "x-breezeway-error";

const NOBODY: readonly string[] = Object.values(IDENTITY_HEADERS)
  .filter((name) => name !== IDENTITY_HEADERS.requestId)
  .flatMap((name) => [name, ""]);

type Services = Pick<
  ExchangeServices,
  | "verifier"
  | "proofs"
  | "policy"
  | "rateLimits"
  | "refusalLimit"
  | "assertCurrent"
  | "observer"
  | "randomId"
>;

/** Whether this target is a question for {@link answerAuthz}. */
export function isAuthz(target: string): boolean {
  if (!target.startsWith(AUTHZ_PATH)) return false;
  const next = target.charAt(AUTHZ_PATH.length);
  return next === "" || next === "/" || next === "?";
}

/** Never rejects. */
export async function answerAuthz(question: RequestHead, services: Services): Promise<Answer> {
  const isForClient = question.target.split("?", 1)[0] === REFUSAL_PATH;
  const decision = new Decision(question, services);
  try {
    const { telling, head } = originalRequest(
      isForClient ? { ...question, target: AUTHZ_PATH } : question,
      AUTHZ_PATH,
    );
    decision.head = head;
    const session = await decision.decide(isForClient);
    if (isForClient) throw changedItsMind();
    services.observer.allowed(decision);
    return decision.allow(session, telling === "x-original");
  } catch (error) {
    const answer = decision.refuse(error);
    if (isForClient) return answer;
    return isNginx(question) ? { ...answer, status: answer.status === 401 ? 401 : 403 } : answer;
  } finally {
    services.observer.finished(decision);
  }
}

class Decision implements ObservedExchange {
  readonly requestId: string;
  readonly startedAtMs: number = performance.now();
  head: RequestHead;
  status = 0;
  reason: ObservedExchange["reason"];
  session: VerifiedSession | undefined;
  #origin: string | undefined;
  #authorization: string | undefined;
  #located: Located | undefined;
  readonly #services: Services;
  readonly #policy: Policy;

  constructor(question: RequestHead, services: Services) {
    this.head = question;
    this.requestId = services.randomId();
    this.#services = services;
    this.#policy = services.policy();
  }

  get path(): string | undefined {
    return this.#located?.target.path;
  }

  get route(): ObservedExchange["route"] {
    return this.#located?.route;
  }

  get origin(): string | undefined {
    return this.#origin;
  }

  /** @param isRepeated - About a request that was refused: it is not counted a second time. */
  async decide(isRepeated: boolean): Promise<VerifiedSession> {
    const headers = inspectHeaders(this.head.rawHeaders);
    this.#origin = headers.origin;
    this.#authorization = headers.authorization;
    this.#located = locate(this.head, headers, this.#policy);
    const { verifier, proofs, refusalLimit } = this.#services;
    const examined = examine(this.#located, this.#policy);
    refusalLimit?.check(this.head, examined.token, examined.verifyRequest);
    const request = prove(examined, proofs);
    const session = await verifier.verify(request.token, request.verifyRequest);
    authorise(request, session);
    this.session = session;
    // A copied request must not use up the allowance of whom it was copied from. But nginx, which asks about
    // a refusal again, hears the same reason again: by then the proof is used up.
    if (isRepeated) await this.#limit(request, session, "peek");
    if (request.proof !== undefined) await useProof(this.#services, request.proof, session);
    if (!isRepeated) await this.#limit(request, session, "count");
    this.#services.assertCurrent(session);
    return session;
  }

  async #limit(request: Examined, session: VerifiedSession, how: "count" | "peek"): Promise<void> {
    const { rateLimits } = this.#services;
    const { rateLimit } = request.route;
    if (rateLimit === undefined) return;
    const state = await rateLimits[how](request.route, rateLimit, session);
    if (state.isExceeded) {
      const details = { retryAfterSeconds: state.retryAfterSeconds };
      throw new BridgeError("RATE_LIMITED", "Too many requests.", { details });
    }
  }

  allow(session: VerifiedSession, isNginxAsking: boolean): Answer {
    // nginx takes any 2xx for a yes, Envoy only 200.
    this.status = isNginxAsking ? 204 : 200;
    const headers = [
      ...identityOf(session),
      ...[
        IDENTITY_HEADERS.requestId,
        this.requestId,
        ERROR_HEADER,
        "",
        "cache-control",
        "no-store",
      ],
      ...corsHeaders(this.#origin, this.#policy),
      ...(isNginxAsking ? [] : ["content-length", "0"]),
    ];
    return { status: this.status, headers, body: "", reason: undefined };
  }

  refuse(error: unknown): Answer {
    const answer = refusal(error, {
      requestId: this.requestId,
      origin: this.#origin,
      policy: this.#policy,
      route: this.route,
      authorization: this.#authorization,
      takesProofs: this.#services.proofs !== undefined,
    });
    this.status = answer.status;
    this.reason = answer.reason;
    return {
      ...answer,
      headers: [...answer.headers, ...NOBODY, ERROR_HEADER, answer.reason ?? ""],
    };
  }
}

function isNginx({ rawHeaders }: RequestHead): boolean {
  return rawHeaders.some(
    (name, index) =>
      index % 2 === 0 && name.toLowerCase() === "x-original-uri" && rawHeaders[index + 1] !== "",
  );
}

// Between the two questions a limit may have passed or a key arrived.
function changedItsMind(): BridgeError {
  return new BridgeError("OVERLOADED", "The decision has changed; try again.");
}
