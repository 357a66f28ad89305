/** Handlers of lifecycle calls, for Node servers and for fetch handlers. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { systemClock, toProblem } from "@breezeway/shared";
import {
  functionOption,
  optionObject,
  parseOptions,
  type OptionShape,
} from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import type { VerifyTestHooks } from "../options/test-hooks.ts";
import { verifierShape } from "../verifier/options.ts";
import { bodyOfNodeRequest, readBounded, type LifecycleCall } from "./lifecycle-call.ts";
import { LifecycleRefusal } from "./lifecycle-refusal.ts";
import {
  openLifecycleVerifier,
  type LifecycleEvent,
  type LifecycleOptions,
  type LifecycleVerifier,
} from "./lifecycle-verifier.ts";

/** Handles an event. It may be called twice for the same event, because answers get lost. */
export type OnLifecycleEvent = (event: LifecycleEvent) => void | Promise<void>;

export interface LifecycleHandlerOptions extends LifecycleOptions {
  /** Called for each call that is answered with an error, for logs. */
  readonly onError?: (error: unknown, requestId: string) => void;
}

export interface Lifecycle extends LifecycleVerifier {
  /** For fetch handlers and the frameworks that have them. */
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

const { issuer, audience, jwks, algorithms, maxClockSkewSeconds } = verifierShape;
const { isKeyRemoved, onKeysError, fetch, jwksTimeoutMs, unsafeAllowHttp } = verifierShape;
const lifecycleShape: OptionShape<LifecycleHandlerOptions> = {
  issuer,
  audience,
  jwks,
  algorithms,
  maxClockSkewSeconds,
  isKeyRemoved,
  onKeysError,
  fetch,
  jwksTimeoutMs,
  unsafeAllowHttp,
  onError: z.optional(functionOption<(error: unknown, requestId: string) => void>()),
};

const lifecycleSchema = optionObject<LifecycleHandlerOptions>(lifecycleShape);
const SOURCE = "verifyLifecycle";

/**
 * Creates handlers that verify a call and pass its event to `onEvent`. They answer with 204 when
 * `onEvent` has settled, and with problem+json when the call is not valid, when `onEvent` throws a
 * {@link LifecycleRefusal} (422), or when it throws another error (500, and the issuer retries).
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 *
 * @example
 * const lifecycle = verifyLifecycle({ issuer: "https://shell.example/auth", audience: "orders" });
 * app.post("/lifecycle", lifecycle.nodeHandler(async ({ event, installationId, tenantId }) => {}));
 */
export function verifyLifecycle(options: LifecycleHandlerOptions): Lifecycle {
  return verifyLifecycleForTesting(options, {});
}

/** {@link verifyLifecycle} with parts that a test replaces. */
export function verifyLifecycleForTesting(
  given: LifecycleHandlerOptions,
  { clock = systemClock() }: VerifyTestHooks,
): Lifecycle {
  const options = parseOptions(lifecycleSchema, given, SOURCE);
  const verifier = openLifecycleVerifier(options, { source: SOURCE, clock });

  async function answer(read: () => Promise<LifecycleCall>, onEvent: OnLifecycleEvent) {
    try {
      await onEvent(await verifier.verify(await read()));
      return DONE;
    } catch (error) {
      const requestId = randomUUID();
      report(options, error, requestId);
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
      // Another part, such as a time limit, may have answered first.
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

function report({ onError }: LifecycleHandlerOptions, error: unknown, requestId: string): void {
  try {
    onError?.(error, requestId);
  } catch {
    // A log that fails must not leave the call without an answer.
  }
}
