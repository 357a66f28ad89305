/** Sessions for AWS Lambda behind API Gateway (v1, v2), a Function URL or a load balancer, and Netlify. */
import type { RequestParts } from "../guard/request-parts.ts";
import { createSessionGuard } from "../guard/session-guard.ts";
import type { RequiredRoute, SessionFor } from "../guard/session-of.ts";
import type { RouteOptions, SessionOptions } from "../guard/session-options.ts";

export * from "../guard/public.ts";

interface HttpHeaders {
  readonly headers?: Readonly<Record<string, string | undefined>> | null;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[] | undefined>> | null;
}

/** What is read of an event of API Gateway v1 (REST), a load balancer, or a Netlify function. */
export interface RestEvent extends HttpHeaders {
  readonly httpMethod: string;
  readonly path?: string;
}

/** What is read of an event of API Gateway v2 (HTTP) or of a Function URL. */
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
  /** Wraps a handler that also takes the session. CORS preflights are answered with 204. */
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

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function verifySession(options: Omit<SessionOptions, "required">): LambdaSessions {
  const guard = createSessionGuard(options);
  return {
    handler: (handle, route) => async (event, context) => {
      const admission = await guard.admit(partsOfEvent(event), route);
      if (admission.kind === "refused") {
        const { status, headers, body } = admission.problem;
        return { statusCode: status, headers: { ...headers }, body };
      }
      if (admission.kind === "preflight") return { statusCode: 204, headers: {}, body: "" };
      // Only the caller's types know whether its route can be anonymous.
      return handle(event, admission.session as never, context);
    },
    close: () => guard.close(),
  };
}

function partsOfEvent(event: RestEvent | HttpEvent): RequestParts {
  return {
    method: "httpMethod" in event ? event.httpMethod : event.requestContext.http.method,
    target: "httpMethod" in event ? event.path : event.rawPath,
    // API Gateway v1 keeps the spelling of the client, and all values only in the second map.
    header: (name) => valueOf(event.multiValueHeaders, name) ?? valueOf(event.headers, name),
  };
}

/** All values: a name in two spellings is there twice. */
function valueOf(
  headers: Readonly<Record<string, string | readonly string[] | undefined>> | null | undefined,
  name: string,
): string | undefined {
  const values = Object.entries(headers ?? {}).flatMap(([key, value]) =>
    key.toLowerCase() === name ? (value ?? []) : [],
  );
  return values.length === 0 ? undefined : values.join(", ");
}
