/**
 * The life of one request. The methods stand in the order in which they run:
 *
 *   start → examine → verify → admit → send → (upstream answers) → finish
 *
 * States: `deciding` → `waiting` (for the head of the upstream's answer) → `answering` → `done`. A failure
 * of either side leads from every state to `done`, through `end` or `onClose`.
 *
 * Must not: answer twice; leave anything counted or open when it is done; create a second object, a
 * closure or a promise for a plain request, since each costs throughput (bench/gateway).
 */
import type { Duplex } from "node:stream";
import { BridgeError } from "@breezeway/shared";
import type { AppVersion } from "@breezeway/shared/schemas";
import type { VerifiedSession } from "@breezeway/verify";
import type { Span } from "@opentelemetry/api";
import type { Client, Dispatcher } from "undici";
import { corsHeaders, preflightHeaders } from "../answer/cors.ts";
import { emptyAnswer, refusal, type Answer } from "../answer/refusal.ts";
import { responseHeaders, responseTrailers } from "../answer/response-headers.ts";
import { authorise } from "../decision/authorise.ts";
import { examineAndProve, findRoute, inspectHead } from "../decision/examine.ts";
import { isPreflight, locate, type Examined, type Located } from "../decision/examine.ts";
import type { Policy } from "../decision/policy.ts";
import { useProof } from "../decision/use-proof.ts";
import { assertNotExceeded } from "../limits/rate-limits.ts";
import { clientAddress } from "../request/client-address.ts";
import { forwardHeaders } from "../request/forward-headers.ts";
import { IDENTITY_HEADERS } from "../request/identity-headers.ts";
import type { InspectedHeaders } from "../request/inspect-headers.ts";
import type { RequestHead } from "../request/request-head.ts";
import { fromUndici, mayRepeat } from "../upstream/from-undici.ts";
import { announcedLength, faultOf, type UpstreamHeaders } from "../upstream/upstream-headers.ts";
import type { UpstreamOutcome, UpstreamPool } from "../upstream/upstream-pools.ts";
import type { ClientListener, ClientSide } from "./client-side.ts";
import type { ExchangeDeps } from "./exchange-deps.ts";
import { ExchangeRecord, NEVER_MS } from "./exchange-record.ts";
import type { OpenExchange } from "./open-exchanges.ts";
import { chunkedRequest, dispatchOptions, forwardTrailers, upgradeOf } from "./upstream-request.ts";

type Controller = Dispatcher.DispatchController;
type State = "deciding" | "waiting" | "answering" | "done";

/** nginx's status for a client that left before its answer. Appears in metrics, never on the wire. */
const CLIENT_GONE = 499;
const NO_HEADERS: readonly string[] = [];

export class Exchange
  extends ExchangeRecord
  implements Dispatcher.DispatchHandler, ClientListener, OpenExchange
{
  readonly #deps: ExchangeDeps;
  readonly #client: ClientSide;
  /** One policy for the whole life of the request, whatever a reload changes meanwhile. */
  readonly #policy: Policy;
  #state: State = "deciding";
  #authorization: string | undefined;
  #span: Span | undefined;
  /** `RateLimit` headers of the answer, known once the request was counted. */
  #rateLimitHeaders: readonly string[] = NO_HEADERS;
  #upstream: UpstreamPool | undefined;
  #connection: Client | undefined;
  /** Whether the answer on the connection has ended, so that another request may use it. */
  #isReusable = false;
  #outcome: UpstreamOutcome = "unknown";
  #dispatch: Dispatcher.DispatchOptions | undefined;
  #controller: Controller | undefined;
  #isRetry = false;
  /** Whether the upstream waits until the client has read more of the answer. */
  #isPaused = false;

  constructor(deps: ExchangeDeps, client: ClientSide, head: RequestHead) {
    super(head, deps.randomId());
    this.#deps = deps;
    this.#client = client;
    this.#policy = deps.policy();
  }

  get appVersion(): AppVersion | undefined {
    return this.session && this.#policy.versionOf(this.session.appId, this.session.tenantId);
  }

  get isAnswering(): boolean {
    return this.#state === "answering";
  }

  get awaitsClient(): boolean {
    return this.#isPaused || (this.#state === "waiting" && this.sentAtMs === NEVER_MS);
  }

  /** Decides at once when the token or its key is known. Never throws. */
  start(): void {
    try {
      const headers = inspectHead(this.head);
      this.origin = headers.origin;
      this.#authorization = headers.authorization;
      if (isPreflight(this.head, headers)) this.#answerPreflight(headers);
      else this.#verify(this.#examine(headers));
    } catch (error) {
      this.end(error);
    }
  }

  // Unknown paths get an answer as well: a page whose preflight fails cannot read a 404.
  #answerPreflight(asked: InspectedHeaders): void {
    const located = findRoute(this.head, asked, this.#policy);
    if (located !== undefined) this.#locate(located);
    const headers = preflightHeaders(asked, located?.route, this.#policy);
    headers.push(IDENTITY_HEADERS.requestId, this.requestId);
    this.#answer(emptyAnswer(204, headers));
  }

  #examine(headers: InspectedHeaders): Examined {
    const located = locate(this.head, headers, this.#policy);
    this.#locate(located);
    return examineAndProve(located, this.#policy, this.#deps);
  }

  #locate(located: Located): void {
    this.path = located.target.path;
    this.route = located.route;
    this.#span = this.#deps.tracing?.start(located);
  }

  #verify(request: Examined): void {
    const session = this.#deps.verifier.verifySync(request.token, request.verifyRequest);
    if (session === undefined) void this.#fetchKeyThenAdmit(request);
    else this.#admit(request, session);
  }

  async #fetchKeyThenAdmit(request: Examined): Promise<void> {
    try {
      const session = await this.#deps.verifier.verify(request.token, request.verifyRequest);
      if (this.#state === "deciding") this.#admit(request, session);
    } catch (error) {
      this.end(error);
    }
  }

  #admit(request: Examined, session: VerifiedSession): void {
    authorise(request, session);
    const { proof, route } = request;
    const proofUse = proof && useProof(this.#deps, proof, session);
    this.session = session;
    if (proofUse === undefined && route.rateLimit === undefined) this.#send(request, session);
    else void this.#countThenSend(request, session, proofUse);
  }

  async #countThenSend(
    request: Examined,
    session: VerifiedSession,
    proofUse: Promise<void> | undefined,
  ): Promise<void> {
    try {
      await proofUse;
      const { route } = request;
      if (route.rateLimit !== undefined) {
        const state = await this.#deps.rateLimits.count(route, route.rateLimit, session);
        this.#rateLimitHeaders = state.headers;
        assertNotExceeded(state);
      }
      if (this.#state !== "deciding") return;
      this.#deps.assertCurrent(session);
      this.#send(request, session);
    } catch (error) {
      this.end(error);
    }
  }

  #send(request: Examined, session: VerifiedSession): void {
    const upgrade = this.#enterUpstream(request);
    const body = this.#client.body(request.route.maxBodyBytes);
    if (body !== null) this.activeAtMs = this.#deps.open.nowMs;
    const context = { requestId: this.requestId, policy: this.#policy };
    const headers = forwardHeaders(request, session, context);
    this.#state = "waiting";
    if (body !== null && request.headers.chunked) {
      const trailers = (): readonly string[] =>
        forwardTrailers(this.#client, this.head, this.#policy);
      const chunked = chunkedRequest({ request, headers, body }, trailers);
      this.#upstream?.connections.chunked.dispatch(chunked, this);
    } else {
      this.#dispatch = dispatchOptions({ request, headers, body }, upgrade);
      this.#connection = this.#upstream?.connections.take();
      this.#connection?.dispatch(this.#dispatch, this);
    }
  }

  /** Counts the request in at its upstream. Returns the protocol to upgrade to. */
  #enterUpstream(request: Examined): string | null {
    const { upstreamOrigin } = request.route;
    if (upstreamOrigin === undefined) {
      throw new BridgeError("ROUTE_UNKNOWN", "This route has no upstream.");
    }
    const upgrade = upgradeOf(request, this.#client);
    const { upstreams, open, observer } = this.#deps;
    const upstream = upstreams.get(upstreamOrigin);
    if (upgrade !== null) this.kind = "stream";
    this.address = clientAddress(this.head, this.#policy.trustsPeer);
    upstream.enter(this);
    this.#upstream = upstream;
    open.add(this);
    observer.allowed(this);
    return upgrade;
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
  }

  onBodySent(): void {
    if (this.activeAtMs !== NEVER_MS) this.activeAtMs = this.#deps.open.nowMs;
  }

  onRequestSent(): void {
    if (this.#state !== "waiting") return;
    this.activeAtMs = NEVER_MS;
    this.sentAtMs = performance.now();
  }

  // An upstream may close an idle connection in the moment in which the gateway uses it. Only a request
  // that is safe to repeat is sent again, once, and only before any part of an answer arrived. It takes a
  // new connection: others that were idle for as long may be closed as well.
  #sendAgain(error: Error): boolean {
    const dispatch = this.#dispatch;
    if (dispatch === undefined || this.#upstream === undefined) return false;
    if (this.#state !== "waiting" || this.#isRetry || !mayRepeat(dispatch, error)) return false;
    const { connections } = this.#upstream;
    const failed = this.#connection;
    this.#isRetry = true;
    this.#controller = undefined;
    this.#connection = connections.open();
    if (failed !== undefined) connections.give(failed);
    this.#connection.dispatch(dispatch, this);
    return true;
  }

  onResponseStart(controller: Controller, status: number, headers: UpstreamHeaders): void {
    const fault = faultOf(status, headers) ?? this.#upstream?.streamFault(this, headers);
    if (fault !== undefined) return controller.abort(fault);
    this.#begin(status);
    this.activeAtMs = this.#deps.open.nowMs;
    this.#client.start(status, this.#answerHeaders(headers), announcedLength(headers));
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.activeAtMs = this.#deps.open.nowMs;
    if (this.#client.write(chunk)) return;
    this.#isPaused = true;
    controller.pause();
  }

  onDrain(): void {
    this.activeAtMs = this.#deps.open.nowMs;
    this.#isPaused = false;
    this.#controller?.resume();
  }

  onResponseEnd(_controller: Controller, trailers: UpstreamHeaders): void {
    this.#state = "done";
    this.#isReusable = true;
    this.#client.end(responseTrailers(trailers));
    this.#finish();
  }

  onRequestUpgrade(
    _controller: Controller,
    status: number,
    headers: UpstreamHeaders,
    upstream: Duplex,
  ): void {
    this.#begin(status);
    this.isUpgraded = true;
    this.activeAtMs = NEVER_MS;
    const upgrade = { status, headers: this.#answerHeaders(headers), upstream };
    this.#client.upgrade(upgrade, this.route?.idleTimeoutMs ?? 0);
  }

  #begin(status: number): void {
    this.#state = "answering";
    this.#outcome = "answered";
    this.status = status;
  }

  #answerHeaders(headers: UpstreamHeaders): string[] {
    const { status, requestId, route } = this;
    const own = corsHeaders(this.origin, this.#policy);
    const list = responseHeaders(headers, { status, requestId, route, own });
    for (const part of this.#rateLimitHeaders) list.push(part);
    return list;
  }

  onResponseError(_controller: Controller, error: Error): void {
    // The gateway has aborted the request itself, so this error shows nothing about the upstream.
    if (this.#state === "done" || this.#sendAgain(error)) return;
    const failure = fromUndici(error);
    this.end(failure, failure.reason.startsWith("upstream-") ? "failed" : this.#outcome);
  }

  onClose(): void {
    if (this.#state === "done") return;
    if (this.status === 0) this.status = CLIENT_GONE;
    this.#state = "done";
    this.#controller?.abort(new BridgeError("CALL_ABORTED", "The client closed the connection."));
    this.#finish();
  }

  /** Answers with the error, or cuts an answer that has begun to leave. Ends the upstream's part. */
  end(error: unknown, outcome: UpstreamOutcome = this.#outcome): void {
    if (this.#state === "done") return;
    this.#outcome = outcome;
    const isTooLate = this.#state === "answering" && this.#client.isCommitted;
    const answer = this.#refusal(error);
    this.#state = "done";
    const cause = BridgeError.is(error) ? error : new BridgeError("INTERNAL_ERROR", "Failed.");
    this.#controller?.abort(cause);
    if (!isTooLate) return this.#answer(answer);
    this.reason = answer.reason;
    this.#client.cut();
    this.#finish();
  }

  #refusal(error: unknown): Answer {
    const { requestId, origin, route } = this;
    const takesProofs = this.#deps.proofs !== undefined;
    const request = { requestId, origin, route, authorization: this.#authorization };
    const answer = refusal(error, { ...request, takesProofs, policy: this.#policy });
    return { ...answer, headers: [...answer.headers, ...this.#rateLimitHeaders] };
  }

  #answer(answer: Answer): void {
    this.#state = "done";
    this.status = answer.status;
    this.reason = answer.reason;
    this.#client.answer(answer);
    this.#finish();
  }

  #finish(): void {
    const { open, tracing, observer } = this.#deps;
    if (this.#upstream !== undefined) {
      open.delete(this);
      this.#upstream.connections.release(this.#connection, this.#isReusable);
      this.#connection = undefined;
      this.#upstream.leave(this, this.#outcome);
      this.#upstream = undefined;
    }
    observer.finished(this);
    if (this.#span !== undefined) tracing?.end(this.#span, this);
  }
}
