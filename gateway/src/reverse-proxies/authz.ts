/**
 * `/authz`: the gateway's decision for reverse proxies that forward requests themselves (nginx
 * `auth_request`, Caddy `forward_auth`, Traefik ForwardAuth, Envoy ext_authz). The same functions decide
 * here and in `exchange.ts`.
 *
 * Rules:
 *  [AZ-1] Every answer has every identity header, empty without an identity. A reverse proxy copies a
 *         missing header from the client's request, or writes a literal placeholder (Caddy).
 *  [AZ-2] nginx accepts 2xx, 401 and 403, and turns everything else into 500. It gets 403 instead, and
 *         asks again at `/authz/refusal` for the answer that the client should see.
 *  [AZ-3] A preflight carries no credential and is refused, like every request without one. A reverse
 *         proxy sends preflights to the gateway itself, which answers them.
 */
import { BridgeError } from "@breezeway/shared";
import type { VerifiedSession } from "@breezeway/verify";
import { corsHeaders } from "../answer/cors.ts";
import { refusal, type Answer } from "../answer/refusal.ts";
import { authorise } from "../decision/authorise.ts";
import { examineAndProve, locate, type Examined, type Located } from "../decision/examine.ts";
import type { Policy } from "../decision/policy.ts";
import { useProof } from "../decision/use-proof.ts";
import type { ExchangeDeps } from "../exchange/exchange-deps.ts";
import { assertNotExceeded } from "../limits/rate-limits.ts";
import type { ObservedExchange } from "../observe/observer.ts";
import { identityOf } from "../request/forward-headers.ts";
import { valuesOf } from "../request/header-list.ts";
import { IDENTITY_HEADERS } from "../request/identity-headers.ts";
import { inspectHeaders } from "../request/inspect-headers.ts";
import type { RequestHead } from "../request/request-head.ts";
import { originalRequest } from "./original-request.ts";

export const AUTHZ_PATH = "/authz";
/** Returns the whole answer to a request that {@link AUTHZ_PATH} refused. */
export const REFUSAL_PATH = "/authz/refusal";

const ERROR_HEADER = "x-breezeway-error";

const EMPTY_IDENTITY: readonly string[] = Object.values(IDENTITY_HEADERS)
  .filter((name) => name !== IDENTITY_HEADERS.requestId)
  .flatMap((name) => [name, ""]);

export type AuthzDeps = Pick<
  ExchangeDeps,
  | "verifier"
  | "proofs"
  | "policy"
  | "rateLimits"
  | "refusalLimit"
  | "assertCurrent"
  | "observer"
  | "randomId"
>;

/** Whether {@link answerAuthz} answers this request target. */
export function isAuthz(target: string): boolean {
  if (!target.startsWith(AUTHZ_PATH)) return false;
  const next = target.charAt(AUTHZ_PATH.length);
  return next === "" || next === "/" || next === "?";
}

class Decision implements ObservedExchange {
  readonly requestId: string;
  readonly startedAtMs: number = performance.now();
  head: RequestHead;
  status = 0;
  origin: string | undefined;
  reason: ObservedExchange["reason"];
  session: VerifiedSession | undefined;
  #authorization: string | undefined;
  #located: Located | undefined;
  readonly #deps: AuthzDeps;
  readonly #policy: Policy;

  constructor(question: RequestHead, deps: AuthzDeps) {
    this.head = question;
    this.requestId = deps.randomId();
    this.#deps = deps;
    this.#policy = deps.policy();
  }

  get path(): string | undefined {
    return this.#located?.target.path;
  }

  get appVersion(): ObservedExchange["appVersion"] {
    return this.session && this.#policy.versionOf(this.session.appId, this.session.tenantId);
  }

  get route(): ObservedExchange["route"] {
    return this.#located?.route;
  }

  /** @param isRepeated - For a request that was refused before, and must not be counted twice. */
  async decide(isRepeated: boolean): Promise<VerifiedSession> {
    const headers = inspectHeaders(this.head.rawHeaders);
    this.origin = headers.origin;
    this.#authorization = headers.authorization;
    this.#located = locate(this.head, headers, this.#policy);
    const request = examineAndProve(this.#located, this.#policy, this.#deps);
    const session = await this.#deps.verifier.verify(request.token, request.verifyRequest);
    authorise(request, session);
    this.session = session;
    // The proof comes before the count, so that a copied request does not use up its owner's allowance.
    // nginx asks again about a refusal, with a proof that is used by then: it should get the same reason.
    if (isRepeated) await this.#limit(request, session, "peek");
    if (request.proof !== undefined) await useProof(this.#deps, request.proof, session);
    if (!isRepeated) await this.#limit(request, session, "count");
    this.#deps.assertCurrent(session);
    return session;
  }

  async #limit(request: Examined, session: VerifiedSession, how: "count" | "peek"): Promise<void> {
    const { rateLimit } = request.route;
    if (rateLimit === undefined) return;
    assertNotExceeded(await this.#deps.rateLimits[how](request.route, rateLimit, session));
  }

  allow(session: VerifiedSession, isNginxAsking: boolean): Answer {
    // nginx accepts every 2xx, Envoy only 200.
    this.status = isNginxAsking ? 204 : 200;
    const headers = [
      ...identityOf(session),
      ...[IDENTITY_HEADERS.requestId, this.requestId],
      ...[ERROR_HEADER, ""],
      ...["cache-control", "no-store"],
      ...corsHeaders(this.origin, this.#policy),
      ...(isNginxAsking ? [] : ["content-length", "0"]),
    ];
    return { status: this.status, headers, body: "", reason: undefined };
  }

  refuse(error: unknown): Answer {
    const answer = refusal(error, {
      requestId: this.requestId,
      origin: this.origin,
      policy: this.#policy,
      route: this.route,
      authorization: this.#authorization,
      takesProofs: this.#deps.proofs !== undefined,
    });
    this.status = answer.status;
    this.reason = answer.reason;
    const own = [...EMPTY_IDENTITY, ERROR_HEADER, answer.reason ?? ""];
    return { ...answer, headers: [...answer.headers, ...own] };
  }
}

/** Never rejects. */
export async function answerAuthz(question: RequestHead, deps: AuthzDeps): Promise<Answer> {
  const isForClient = question.target.split("?", 1)[0] === REFUSAL_PATH;
  const decision = new Decision(question, deps);
  try {
    const asked = isForClient ? { ...question, target: AUTHZ_PATH } : question;
    const { source, head } = originalRequest(asked, AUTHZ_PATH);
    decision.head = head;
    const session = await decision.decide(isForClient);
    if (isForClient) throw decisionChanged();
    deps.observer.allowed(decision);
    return decision.allow(session, source === "x-original");
  } catch (error) {
    const answer = decision.refuse(error);
    if (isForClient) return answer;
    return isNginx(question) ? { ...answer, status: answer.status === 401 ? 401 : 403 } : answer;
  } finally {
    deps.observer.finished(decision);
  }
}

function isNginx({ rawHeaders }: RequestHead): boolean {
  return valuesOf(rawHeaders, "x-original-uri").some((value) => value !== "");
}

// A rate limit may have reset, or a key arrived, between nginx's two questions.
function decisionChanged(): BridgeError {
  return new BridgeError("OVERLOADED", "The decision changed meanwhile. Send the request again.");
}
