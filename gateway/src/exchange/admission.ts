/**
 * The first half of an exchange: whether the request may pass. Verified and authorised, then counted
 * by the route's rate limit; without a promise where nothing has to be waited for.
 *
 * A base class rather than an object of its own: a request stays one object (see `exchange.ts`).
 */
import { BridgeError } from "@breezeway/shared";
import type { VerifiedSession } from "@breezeway/verify";
import type { Policy } from "../decision/policy.ts";
import type { RateLimitOptions } from "../config/route-schema.ts";
import { authorise } from "../decision/authorise.ts";
import {
  examine,
  findRoute,
  inspectHead,
  isPreflight,
  locate,
  prove,
  type Examined,
  type Located,
} from "../decision/examine.ts";
import type { RequestHead } from "../request/request-head.ts";
import { useProof } from "../decision/use-proof.ts";
import type { InspectedHeaders } from "../request/inspect-headers.ts";
import type { Route } from "../decision/route-table.ts";
import type { ExchangeServices } from "./services.ts";

const NO_HEADERS: readonly string[] = [];

export abstract class Admission {
  readonly head: RequestHead;
  readonly requestId: string;
  readonly startedAtMs: number = performance.now();
  session: VerifiedSession | undefined;
  protected readonly services: ExchangeServices;
  /** One for the whole life of the request, whatever is reloaded meanwhile. */
  protected readonly policy: Policy;
  /** Headers for the answer, once the request was counted. */
  protected rateLimit: readonly string[] = NO_HEADERS;
  #headers: InspectedHeaders | undefined;
  #located: Located | undefined;

  constructor(services: ExchangeServices, head: RequestHead) {
    this.services = services;
    this.policy = services.policy();
    this.requestId = services.randomId();
    this.head = head;
  }

  get route(): Route | undefined {
    return this.#located?.route;
  }

  get path(): string | undefined {
    return this.#located?.target.path;
  }

  get origin(): string | undefined {
    return this.#headers?.origin;
  }

  protected get authorization(): string | undefined {
    return this.#headers?.authorization;
  }

  /** False once the client is gone or has its answer: nothing may be sent for it any more. */
  protected abstract readonly isUndecided: boolean;
  protected abstract located(located: Located): void;
  protected abstract answerPreflight(headers: InspectedHeaders, route: Route | undefined): void;
  protected abstract admitted(request: Examined, session: VerifiedSession): void;
  abstract end(error: unknown): void;

  /** Decides at once when the token or its key is known. Never throws. */
  start(): void {
    try {
      const headers = inspectHead(this.head);
      this.#headers = headers;
      if (isPreflight(this.head, headers)) {
        this.#preflight(headers);
        return;
      }
      const located = locate(this.head, headers, this.policy);
      this.#located = located;
      this.located(located);
      const { refusalLimit, proofs, verifier } = this.services;
      const examined = examine(located, this.policy);
      refusalLimit?.check(this.head, examined.token, examined.verifyRequest);
      const request = prove(examined, proofs);
      const session = verifier.verifySync(request.token, request.verifyRequest);
      if (session === undefined) void this.#verifyThenAdmit(request);
      else this.#admit(request, session);
    } catch (error) {
      this.end(error);
    }
  }

  // Of an unknown path too: a page that may not send the request could not read that there is none.
  #preflight(headers: InspectedHeaders): void {
    const located = findRoute(this.head, headers, this.policy);
    this.#located = located;
    if (located !== undefined) this.located(located);
    this.answerPreflight(headers, located?.route);
  }

  async #verifyThenAdmit(request: Examined): Promise<void> {
    try {
      const { verifier } = this.services;
      const session = await verifier.verify(request.token, request.verifyRequest);
      if (this.isUndecided) this.#admit(request, session);
    } catch (error) {
      this.end(error);
    }
  }

  #admit(request: Examined, session: VerifiedSession): void {
    authorise(request, session);
    const { proof, route } = request;
    const used = proof && useProof(this.services, proof, session);
    this.session = session;
    if (used === undefined && route.rateLimit === undefined) this.admitted(request, session);
    else void this.#waitThenAdmit(request, session, used);
  }

  async #waitThenAdmit(
    request: Examined,
    session: VerifiedSession,
    used: Promise<void> | undefined,
  ): Promise<void> {
    try {
      await used;
      const { route } = request;
      if (route.rateLimit !== undefined) await this.#count(route, route.rateLimit, session);
      if (!this.isUndecided) return;
      this.services.assertCurrent(session);
      this.admitted(request, session);
    } catch (error) {
      this.end(error);
    }
  }

  async #count(route: Route, limit: RateLimitOptions, session: VerifiedSession): Promise<void> {
    const state = await this.services.rateLimits.count(route, limit, session);
    this.rateLimit = state.headers;
    if (!state.isExceeded) return;
    const details = { retryAfterSeconds: state.retryAfterSeconds };
    throw new BridgeError("RATE_LIMITED", "Too many requests.", { details });
  }
}
