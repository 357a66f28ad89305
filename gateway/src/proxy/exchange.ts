/**
 * One request on its way: decided, dispatched, answered. Life: `deciding` → `waiting` (for the
 * upstream's head) → `answering` → `done`; from anywhere to `done` when a side fails.
 *
 * Must not: keep anything of the request once it is done, or answer twice.
 *
 * One object per request and no closures: measured, both cost throughput (see bench/).
 */
import type { Duplex } from "node:stream";
import { BridgeError } from "@breezeway/shared";
import type { VerifiedSession } from "@breezeway/verify";
import type { Dispatcher } from "undici";
import { emptyAnswer, refusal, type Answer } from "../answer/refusal.ts";
import type { Policy } from "../config/options.ts";
import { corsHeaders, preflightHeaders } from "../cors/cors.ts";
import { authorise } from "../decision/authorise.ts";
import {
  examine,
  inspectHead,
  isPreflight,
  locate,
  type Examined,
  type Located,
  type RequestHead,
} from "../decision/examine.ts";
import { IDENTITY_HEADERS } from "../identity/identity-headers.ts";
import type { InspectedHeaders } from "../request/inspect-headers.ts";
import type { ClientListener, ClientSide } from "./client-side.ts";
import { forwardHeaders } from "./forward-headers.ts";
import { fromUndici, isConnectionReset } from "./from-undici.ts";
import { responseHeaders, responseTrailers, type UpstreamHeaders } from "./response-headers.ts";
import type { ExchangeServices } from "./services.ts";

type State = "deciding" | "waiting" | "answering" | "done";

export class Exchange implements Dispatcher.DispatchHandler, ClientListener {
  readonly requestId: string;
  readonly policy: Policy;
  readonly startedAtMs: number;
  state: State = "deciding";
  located: Located | undefined;
  session: VerifiedSession | undefined;
  readonly #services: ExchangeServices;
  readonly #client: ClientSide;
  #headers: InspectedHeaders | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #dispatch: Dispatcher.DispatchOptions | undefined;
  #cancelled: BridgeError | undefined;
  #isRetry = false;

  constructor(services: ExchangeServices, client: ClientSide) {
    this.#services = services;
    this.#client = client;
    this.policy = services.policy();
    this.requestId = services.randomId();
    this.startedAtMs = services.now();
  }

  /** Decides at once when the token or its key is known, and never throws. */
  handle(head: RequestHead): void {
    try {
      this.#headers = inspectHead(head);
      const located = locate(head, this.#headers, this.policy);
      this.located = located;
      if (isPreflight(located)) {
        this.#answer(emptyAnswer(204, this.#withId(preflightHeaders(located, this.policy))));
        return;
      }
      const request = examine(located, this.policy);
      const session = this.#services.verifier.verifySync(request.token, request.verifyRequest);
      if (session === undefined) void this.#verifyThenProceed(request);
      else this.#proceed(request, session);
    } catch (error) {
      this.fail(error);
    }
  }

  async #verifyThenProceed(request: Examined): Promise<void> {
    try {
      const { verifier } = this.#services;
      const session = await verifier.verify(request.token, request.verifyRequest);
      if (this.state === "deciding") this.#proceed(request, session);
    } catch (error) {
      this.fail(error);
    }
  }

  #proceed(request: Examined, session: VerifiedSession): void {
    authorise(request, session);
    this.session = session;
    const { route, target, head, headers } = request;
    if (route.upstreamOrigin === undefined) {
      throw new BridgeError("ROUTE_UNKNOWN", "This route has no upstream.");
    }
    const { requestId } = this;
    const { trustsPeer } = this.policy;
    this.#dispatch = {
      path: route.upstreamPath(target.path) + target.query,
      method: head.method,
      headers: forwardHeaders(request, session, { requestId, trustsPeer }),
      body: this.#client.body(route.maxBodyBytes),
      headersTimeout: route.timeoutMs,
      bodyTimeout: route.idleTimeoutMs,
      upgrade: this.#upgradeTo(request, headers.upgrade),
    };
    this.state = "waiting";
    this.#services.upstreams.pool(route.upstreamOrigin).dispatch(this.#dispatch, this);
  }

  #upgradeTo({ route }: Examined, protocol: string | undefined): string | null {
    // Anything else is ignored, as a server may (RFC 9110, section 7.8): h2c would be a tunnel.
    if (!this.#client.canUpgrade || protocol?.toLowerCase() !== "websocket") return null;
    if (route.webSocket) return "websocket";
    throw new BridgeError("REQUEST_MALFORMED", "The route does not take WebSocket upgrades.");
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // The client may have left while the request waited for a connection.
    if (this.#cancelled !== undefined) controller.abort(this.#cancelled);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: UpstreamHeaders,
    statusText?: string,
  ): void {
    // Interim answers (102, 103) are hints that may be left out (RFC 9110, section 15.2).
    if (status < 200 || this.state !== "waiting") return;
    this.state = "answering";
    this.#client.start(status, statusText ?? "", this.#answerHeaders(headers));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#client.write(chunk)) controller.pause();
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: UpstreamHeaders): void {
    if (this.state !== "answering") return;
    this.state = "done";
    this.#client.end(trailers === undefined ? [] : responseTrailers(trailers));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#mayRetry(error)) {
      this.#isRetry = true;
      this.#redispatch();
      return;
    }
    this.fail(fromUndici(error));
  }

  onRequestUpgrade(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: UpstreamHeaders,
    socket: Duplex,
  ): void {
    if (this.state !== "waiting") {
      socket.destroy();
      return;
    }
    this.state = "answering";
    this.#client.upgrade(status, this.#answerHeaders(headers), socket);
  }

  onDrain(): void {
    this.#controller?.resume();
  }

  onClose(): void {
    this.cancel(new BridgeError("CALL_ABORTED", "The client is gone."));
  }

  /** Ends the exchange, whatever it is at. */
  cancel(reason: BridgeError): void {
    if (this.state === "done") return;
    const wasStarted = this.state === "answering";
    this.state = "done";
    this.#cancelled = reason;
    this.#controller?.abort(reason);
    if (wasStarted) this.#client.cut();
  }

  /** Answers with the error, or cuts the answer that has begun. */
  fail(error: unknown): void {
    if (this.state === "done") return;
    if (this.state === "answering") {
      this.state = "done";
      this.#client.cut();
      return;
    }
    this.#answer(
      refusal(error, {
        requestId: this.requestId,
        origin: this.#headers?.origin,
        policy: this.policy,
        route: this.located?.route,
      }),
    );
  }

  #answer(answer: Answer): void {
    this.state = "done";
    this.#client.answer(answer);
  }

  #answerHeaders(headers: UpstreamHeaders): string[] {
    return responseHeaders(headers, {
      own: corsHeaders(this.#headers?.origin, this.policy),
      requestId: this.requestId,
      forwardCookies: this.located?.route.forwardCookies ?? false,
    });
  }

  #withId(headers: string[]): string[] {
    headers.push(IDENTITY_HEADERS.requestId, this.requestId);
    return headers;
  }

  // An upstream may close an idle connection just when we use it. Only what can be sent twice
  // without harm is sent again, once, and only when no part of an answer has come.
  #mayRetry(error: Error): boolean {
    const method = this.#dispatch?.method;
    const isSafe = method === "GET" || method === "HEAD" || method === "OPTIONS";
    const hasBody = this.#dispatch?.body !== null;
    const isFresh = this.state === "waiting" && !this.#isRetry && this.#cancelled === undefined;
    return isFresh && isSafe && !hasBody && isConnectionReset(error);
  }

  #redispatch(): void {
    const origin = this.located?.route.upstreamOrigin;
    if (this.#dispatch === undefined || origin === undefined) return;
    try {
      this.#services.upstreams.pool(origin).dispatch(this.#dispatch, this);
    } catch (error) {
      this.fail(error);
    }
  }
}
