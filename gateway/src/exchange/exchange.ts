/**
 * One request on its way: decided (in {@link Admission}), dispatched, answered. Life: `deciding` →
 * `waiting` (for the upstream's head) → `answering` → `done`; from anywhere to `done` when a side fails.
 *
 * Must not: answer twice, or leave anything counted or open once it is done.
 *
 * One object per request and no closures: measured, both cost throughput (see bench/).
 */
import type { Duplex } from "node:stream";
import { BridgeError, type ErrorReason } from "@breezeway/shared";
import type { VerifiedSession } from "@breezeway/verify";
import type { Span } from "@opentelemetry/api";
import type { Client, Dispatcher } from "undici";
import { emptyAnswer, refusal, type Answer } from "../answer/refusal.ts";
import { corsHeaders, preflightHeaders } from "../answer/cors.ts";
import type { Examined, Located } from "../decision/examine.ts";
import type { RequestHead } from "../request/request-head.ts";
import { IDENTITY_HEADERS } from "../request/identity-headers.ts";
import type { ObservedExchange } from "../observe/observer.ts";
import type { InspectedHeaders } from "../request/inspect-headers.ts";
import { removeFields } from "../request/header-list.ts";
import type { Route } from "../decision/route-table.ts";
import { Admission } from "./admission.ts";
import type { ChunkedRequest } from "../upstream/chunked-client.ts";
import type { ClientListener, ClientSide } from "./client-side.ts";
import { forwardHeaders } from "../request/forward-headers.ts";
import { fromUndici, isConnectionReset } from "../upstream/from-undici.ts";
import type { OpenExchange } from "./open-exchanges.ts";
import { responseHeaders, responseTrailers } from "../answer/response-headers.ts";
import {
  announcedLength,
  isFullyDecoded,
  type UpstreamHeaders,
} from "../upstream/upstream-headers.ts";
import type { ExchangeServices } from "./services.ts";
import { announcedTrailers, requestTrailers } from "../upstream/trailer-fields.ts";
import type { Upstream, UpstreamOutcome } from "../upstream/upstream-pools.ts";

type State = "deciding" | "waiting" | "answering" | "done";

/** As nginx counts clients that did not wait; never on the wire. */
const CLIENT_GONE = 499;

export class Exchange
  extends Admission
  implements Dispatcher.DispatchHandler, ClientListener, OpenExchange, ObservedExchange
{
  status = 0;
  reason: ErrorReason | undefined;
  isUpgraded = false;
  place = -1;
  /** Infinite while nothing is expected to move: the wait for the head has a limit of its own. */
  activeAtMs: number = Number.POSITIVE_INFINITY;
  sentAtMs: number = Number.POSITIVE_INFINITY;
  readonly #client: ClientSide;
  #state: State = "deciding";
  #upstream: Upstream | undefined;
  #connection: Client | undefined;
  #outcome: UpstreamOutcome = "unknown";
  #dispatch: Dispatcher.DispatchOptions | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #isRetry = false;
  #span: Span | undefined;

  constructor(services: ExchangeServices, client: ClientSide, head: RequestHead) {
    super(services, head);
    this.#client = client;
  }

  get isAnswering(): boolean {
    return this.#state === "answering";
  }

  protected get isUndecided(): boolean {
    return this.#state === "deciding";
  }

  protected located(located: Located): void {
    this.#span = this.services.tracing?.start(located);
  }

  protected answerPreflight(asked: InspectedHeaders, route: Route | undefined): void {
    const headers = preflightHeaders(asked, route, this.policy);
    headers.push(IDENTITY_HEADERS.requestId, this.requestId);
    this.#answer(emptyAnswer(204, headers));
  }

  protected admitted(request: Examined, session: VerifiedSession): void {
    const { route, target, head, headers } = request;
    const { open, upstreams, observer } = this.services;
    if (route.upstreamOrigin === undefined) {
      throw new BridgeError("ROUTE_UNKNOWN", "This route has no upstream.");
    }
    const upgrade = this.#upgradeTo(route, headers.upgrade);
    const upstream = upstreams.get(route.upstreamOrigin);
    upstream.enter(session.handle);
    this.#upstream = upstream;
    open.add(this);
    observer.allowed(this);
    const body = this.#client.body(route.maxBodyBytes);
    if (body !== null) this.activeAtMs = open.nowMs;
    const path = route.upstreamPath(target.path) + target.query;
    const { method } = head;
    const list = forwardHeaders(request, session, {
      requestId: this.requestId,
      trustsPeer: this.policy.trustsPeer,
      isRemoved: this.policy.isRemoved,
    });
    this.#state = "waiting";
    if (body !== null && headers.chunked) {
      const announced = announcedTrailers(headers.trailer, head.rawHeaders);
      if (announced !== undefined) list.push("trailer", announced);
      const { timeoutMs } = route;
      this.#sendInChunks(upstream, { method, path, headers: list, body, timeoutMs });
      return;
    }
    this.#dispatch = {
      path,
      method,
      headers: list,
      body,
      // `OpenExchanges` watches the wait for the head, and silence in a body in both directions at
      // once: a timer of undici's per request shows in the throughput. But only undici knows whether
      // the upstream still takes the request's body.
      headersTimeout: body === null ? 0 : route.timeoutMs,
      bodyTimeout: 0,
      upgrade,
    };
    this.#connection = upstream.connections.take();
    this.#connection.dispatch(this.#dispatch, this);
  }

  #sendInChunks({ connections }: Upstream, request: Omit<ChunkedRequest, "trailers">): void {
    const { rawHeaders } = this.head;
    const trailers = (): readonly string[] => {
      const list = [...requestTrailers(this.#client.trailers, rawHeaders)];
      if (this.policy.isRemoved !== undefined) removeFields(list, this.policy.isRemoved);
      return list;
    };
    connections.chunked.dispatch({ ...request, trailers }, this);
  }

  #upgradeTo(route: Route, protocol: string | undefined): string | null {
    // Anything else is ignored, as a server may (RFC 9110, section 7.8): h2c would be a tunnel.
    if (!this.#client.canUpgrade || protocol?.toLowerCase() !== "websocket") return null;
    if (route.webSocket) return "websocket";
    throw new BridgeError("REQUEST_MALFORMED", "The route does not take WebSocket upgrades.");
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
  }

  onBodySent(): void {
    if (this.activeAtMs !== Number.POSITIVE_INFINITY) this.activeAtMs = this.services.open.nowMs;
  }

  onRequestSent(): void {
    if (this.#state !== "waiting") return;
    this.activeAtMs = Number.POSITIVE_INFINITY;
    this.sentAtMs = performance.now();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: UpstreamHeaders,
  ): void {
    if (status < 200 || status > 599) {
      // No interim answer comes this far; a 101 without `Upgrade` does. Others are none (RFC 9110, section 15).
      const what = "The upstream's status is not a final one.";
      controller.abort(new BridgeError("UPSTREAM_INVALID", what));
      return;
    }
    if (!isFullyDecoded(headers)) {
      const what = "The upstream's answer has a transfer coding other than chunked.";
      controller.abort(new BridgeError("UPSTREAM_INVALID", what));
      return;
    }
    this.#state = "answering";
    this.#outcome = "answered";
    this.status = status;
    this.activeAtMs = this.services.open.nowMs;
    this.#client.start(status, this.#answerHeaders(headers), announcedLength(headers));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.activeAtMs = this.services.open.nowMs;
    if (!this.#client.write(chunk)) controller.pause();
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: UpstreamHeaders): void {
    this.#state = "done";
    this.#client.end(responseTrailers(trailers));
    this.#finish();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#mayRetry(error)) {
      this.#sendAgain();
      return;
    }
    const failure = fromUndici(error);
    if (failure.reason.startsWith("upstream-")) this.#outcome = "failed";
    this.end(failure);
  }

  onRequestUpgrade(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: UpstreamHeaders,
    socket: Duplex,
  ): void {
    this.#state = "answering";
    this.#outcome = "answered";
    this.status = status;
    this.isUpgraded = true;
    this.activeAtMs = Number.POSITIVE_INFINITY;
    this.#client.upgrade(
      { status, headers: this.#answerHeaders(headers), upstream: socket },
      this.route?.idleTimeoutMs ?? 0,
    );
  }

  onDrain(): void {
    this.activeAtMs = this.services.open.nowMs;
    this.#controller?.resume();
  }

  onClose(): void {
    if (this.#state === "done") return;
    if (this.status === 0) this.status = CLIENT_GONE;
    this.#stop(new BridgeError("CALL_ABORTED", "The client is gone."));
    this.#finish();
  }

  /** Answers with the error, or cuts the answer of which some has left; ends the upstream's part. */
  end(error: unknown): void {
    if (this.#state === "done") return;
    const isTooLate = this.#state === "answering" && this.#client.isCommitted;
    const answer = this.#refusal(error);
    this.#stop(BridgeError.is(error) ? error : new BridgeError("INTERNAL_ERROR", "Failed."));
    this.reason = answer.reason;
    if (isTooLate) {
      this.#client.cut();
      this.#finish();
    } else {
      this.#answer(answer);
    }
  }

  #stop(reason: BridgeError): void {
    this.#state = "done";
    this.#controller?.abort(reason);
  }

  #answer(answer: Answer): void {
    this.#state = "done";
    this.status = answer.status;
    this.reason = answer.reason;
    this.#client.answer(answer);
    this.#finish();
  }

  #finish(): void {
    const { open, tracing, observer } = this.services;
    if (this.#upstream !== undefined) {
      open.delete(this);
      this.#release(this.#upstream);
      this.#upstream.leave(this.session?.handle ?? "", this.#outcome);
      this.#upstream = undefined;
    }
    observer.finished(this);
    if (this.#span !== undefined) tracing?.end(this.#span, this);
  }

  #refusal(error: unknown): Answer {
    const { requestId, origin, route, policy, authorization } = this;
    const takesProofs = this.services.proofs !== undefined;
    const context = { requestId, origin, policy, route, authorization, takesProofs };
    const answer = refusal(error, context);
    return { ...answer, headers: [...answer.headers, ...this.rateLimit] };
  }

  #answerHeaders(headers: UpstreamHeaders): string[] {
    const list = responseHeaders(headers, {
      own: corsHeaders(this.origin, this.policy),
      requestId: this.requestId,
      status: this.status,
      forwardCookies: this.route?.forwardCookies ?? false,
    });
    for (const part of this.rateLimit) list.push(part);
    return list;
  }

  // An upstream may close an idle connection just when we use it. Only what can be sent twice
  // without harm is sent again, once, and only when no part of an answer has come.
  #mayRetry(error: Error): boolean {
    const method = this.#dispatch?.method;
    const isSafe = method === "GET" || method === "HEAD" || method === "OPTIONS";
    const isFirst = this.#state === "waiting" && !this.#isRetry;
    return isFirst && isSafe && this.#dispatch?.body === null && isConnectionReset(error);
  }

  // On a new connection: others that were idle as long may have been closed with the one that broke.
  #sendAgain(): void {
    const failed = this.#connection;
    if (this.#dispatch === undefined || this.#upstream === undefined) return;
    const { connections } = this.#upstream;
    this.#isRetry = true;
    this.#controller = undefined;
    this.#connection = connections.open();
    if (failed !== undefined) connections.give(failed);
    this.#connection.dispatch(this.#dispatch, this);
  }

  #release({ connections }: Upstream): void {
    if (this.#connection === undefined) return;
    if (this.#controller === undefined) connections.drop(this.#connection);
    else connections.give(this.#connection);
    this.#connection = undefined;
  }
}
