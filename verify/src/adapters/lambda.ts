/** Sessions for AWS Lambda behind API Gateway (v1, v2), a Function URL or a load balancer, and Netlify. */
import { functionOption, optionObject, parseOptions } from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { openSessionGuard } from "../guard/session-guard.ts";
import type { RequiredRoute, SessionFor } from "../guard/session-of.ts";
import {
  handlerShape,
  type HandlerSessionOptions,
  type RouteOptions,
} from "../guard/session-options.ts";
import {
  isHttpEvent,
  otherEvent,
  partsOfEvent,
  resultFor,
  type HttpEvent,
  type HttpResult,
  type RestEvent,
} from "./lambda-event.ts";

export * from "../guard/public.ts";
export type { HttpEvent, HttpResult, RestEvent } from "./lambda-event.ts";

export interface LambdaSessionOptions<Other = never> extends HandlerSessionOptions {
  /**
   * Handles events that are not HTTP requests: warm-up calls, WebSocket routes, authorizers, queues. They
   * carry no session, so do nothing here for a user. Default: such an event fails the invocation.
   */
  readonly onOther?: (event: unknown, context: unknown) => Other | Promise<Other>;
}

export interface LambdaSessions<Other = never> {
  /** Wraps a handler that takes the session as its second argument. Answers preflights with 204. */
  handler<
    Event extends RestEvent | HttpEvent,
    Context,
    Result,
    const Route extends RouteOptions = RequiredRoute,
  >(
    handle: (
      event: Event,
      session: SessionFor<Route>,
      context: Context,
    ) => Result | Promise<Result>,
    route?: Route,
  ): (event: Event, context: Context) => Promise<Result | HttpResult | Other>;
  close(): void;
}

const lambdaSchema = optionObject<LambdaSessionOptions<unknown>>({
  ...handlerShape,
  onOther: z.optional(functionOption<(event: unknown, context: unknown) => unknown>()),
});

function refuseOther(event: unknown): never {
  throw otherEvent(event);
}

/**
 * Guards handlers of Lambda and Netlify.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 */
export function verifySession<Other = never>(
  options: LambdaSessionOptions<Other>,
): LambdaSessions<Other> {
  const source = "verifySession";
  const { onOther = refuseOther, ...parsed } = parseOptions(lambdaSchema, options, source);
  const guard = openSessionGuard(parsed, source);
  return {
    handler: (handle, route) => {
      guard.checkRoute(route);
      return async (event, context) => {
        // Only the caller's types know what `onOther` returns.
        if (!isHttpEvent(event)) return (await onOther(event, context)) as Other;
        const admission = await guard.admit(partsOfEvent(event), route);
        if (admission.kind === "refused") return resultFor(event, admission.problem);
        if (admission.kind === "preflight") {
          return resultFor(event, { status: 204, headers: {}, body: "" });
        }
        // Only the caller's types know whether the route can be anonymous.
        return handle(event, admission.session as never, context);
      };
    },
    close: () => guard.close(),
  };
}
