/** Handlers of lifecycle calls, for whatever serves them. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { toProblem } from "@breezeway/shared";
import { bodyOfNodeRequest, readBounded, type LifecycleCall } from "./lifecycle-call.ts";
import { LifecycleRefusal } from "./lifecycle-refusal.ts";
import {
  createLifecycleVerifier,
  type LifecycleEvent,
  type LifecycleOptions,
  type LifecycleVerifier,
} from "./lifecycle-verifier.ts";

/** Does what an event asks for; may be asked twice, since answers get lost. */
export type OnLifecycleEvent = (event: LifecycleEvent) => void | Promise<void>;

export interface LifecycleHandlerOptions extends LifecycleOptions {
  /** Told of each call that was answered with an error; for logs. */
  readonly onError?: (error: unknown, requestId: string) => void;
}

export interface Lifecycle extends LifecycleVerifier {
  /** For plain fetch handlers and the frameworks that have them. */
  handler(onEvent: OnLifecycleEvent): (request: Request) => Promise<Response>;
  /** For Node's own server and Express. Reads the body itself: mount it ahead of JSON parsers. */
  nodeHandler(
    onEvent: OnLifecycleEvent,
  ): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

const DONE: Answer = { status: 204, headers: {}, body: null };

/**
 * Handlers answer 204 once `onEvent` has settled; problem+json when the call is not the issuer's, when
 * `onEvent` throws a {@link LifecycleRefusal} (422), or anything else (500, and the issuer comes
 * again).
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 *
 * @example
 * const lifecycle = verifyLifecycle({ issuer: "https://shell.example/auth", audience: "orders" });
 * app.post("/lifecycle", lifecycle.nodeHandler(async ({ event, installationId, tenantId }) => {}));
 */
export function verifyLifecycle(options: LifecycleHandlerOptions): Lifecycle {
  const verifier = createLifecycleVerifier(options);

  async function answer(read: () => Promise<LifecycleCall>, onEvent: OnLifecycleEvent) {
    try {
      await onEvent(await verifier.verify(await read()));
      return DONE;
    } catch (error) {
      const requestId = randomUUID();
      tell(options, error, requestId);
      return error instanceof LifecycleRefusal ? refusal(error) : toProblem(error, { requestId });
    }
  }

  return {
    ...verifier,
    handler: (onEvent) => async (request) => {
      const { status, headers, body } = await answer(
        async () => ({
          headers: request.headers,
          rawBody: await readBounded(request.body as AsyncIterable<Uint8Array> | null),
        }),
        onEvent,
      );
      return new Response(body, { status, headers });
    },
    nodeHandler: (onEvent) => async (request, response) => {
      const { status, headers, body } = await answer(
        async () => ({
          headers: request.headersDistinct,
          rawBody: await bodyOfNodeRequest(request),
        }),
        onEvent,
      );
      // Something in front, such as a time limit, was quicker.
      if (!response.headersSent) response.writeHead(status, headers).end(body);
    },
  };
}

function refusal({ message }: LifecycleRefusal): Answer {
  return {
    status: 422,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store" },
    body: JSON.stringify({ title: "The app refuses.", status: 422, detail: message }),
  };
}

function tell({ onError }: LifecycleHandlerOptions, error: unknown, requestId: string): void {
  try {
    onError?.(error, requestId);
  } catch {
    // A log that fails must not leave the call without an answer.
  }
}
