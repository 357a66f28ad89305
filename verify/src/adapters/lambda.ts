/** Sessions for AWS Lambda behind API Gateway (v1, v2), a Function URL or a load balancer, and Netlify. */
import type { RequestParts } from "../guard/request-parts.ts";
import { openSessionGuard } from "../guard/session-guard.ts";
import type { RequiredRoute, SessionFor } from "../guard/session-of.ts";
import {
  parseHandlerSessionOptions,
  type RouteOptions,
  type SessionOptions,
} from "../guard/session-options.ts";

export * from "../guard/public.ts";

interface HttpHeaders {
  readonly headers?: Readonly<Record<string, string | undefined>> | null;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[] | undefined>> | null;
}

/** The members used of an event of API Gateway v1 (REST), a load balancer, or a Netlify function. */
export interface RestEvent extends HttpHeaders {
  readonly httpMethod: string;
  readonly path?: string;
}

/** The members used of an event of API Gateway v2 (HTTP) or of a Function URL. */
export interface HttpEvent extends HttpHeaders {
  readonly requestContext: { readonly http: { readonly method: string } };
  readonly rawPath?: string;
}

export interface HttpResult {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface LambdaSessions {
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
  ): (event: Event, context: Context) => Promise<Result | HttpResult>;
  close(): void;
}

/**
 * Guards handlers of Lambda and Netlify.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 */
export function verifySession(options: Omit<SessionOptions, "required">): LambdaSessions {
  const source = "verifySession";
  const guard = openSessionGuard(parseHandlerSessionOptions(options, source), source);
  return {
    handler: (handle, route) => {
      guard.checkRoute(route);
      return async (event, context) => {
        const admission = await guard.admit(partsOfEvent(event), route);
        if (admission.kind === "refused") {
          const { status, headers, body } = admission.problem;
          return { statusCode: status, headers: { ...headers }, body };
        }
        if (admission.kind === "preflight") return { statusCode: 204, headers: {}, body: "" };
        // Only the caller's types know whether the route can be anonymous.
        return handle(event, admission.session as never, context);
      };
    },
    close: () => guard.close(),
  };
}

function partsOfEvent(event: RestEvent | HttpEvent): RequestParts {
  return {
    method: "httpMethod" in event ? event.httpMethod : event.requestContext.http.method,
    target: "httpMethod" in event ? event.path : event.rawPath,
    // API Gateway v1 keeps the client's spelling of names, and has all values only in the second map.
    header: (name) => valueOf(event.multiValueHeaders, name) ?? valueOf(event.headers, name),
  };
}

/** All values of a header, including those of a second spelling of its name. */
function valueOf(
  headers: Readonly<Record<string, string | readonly string[] | undefined>> | null | undefined,
  name: string,
): string | undefined {
  const values = Object.entries(headers ?? {}).flatMap(([key, value]) =>
    key.toLowerCase() === name ? (value ?? []) : [],
  );
  return values.length === 0 ? undefined : values.join(", ");
}
