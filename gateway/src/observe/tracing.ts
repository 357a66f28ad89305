/**
 * One server span per request through the OpenTelemetry API. The SDK that the process has registered
 * records it. The span continues the caller's trace, and the upstream can continue it.
 */
import {
  SpanKind,
  SpanStatusCode,
  context,
  propagation,
  trace,
  type Span,
  type Tracer,
} from "@opentelemetry/api";
import type { Located } from "../decision/examine.ts";
import type { ObservedExchange } from "./observer.ts";

export interface Tracing {
  /** Starts the span, and replaces the trace context in the headers for the upstream. */
  start(located: Located): Span;
  end(span: Span, exchange: ObservedExchange): void;
}

type HeaderList = string[];

const carrier = {
  get: (list: HeaderList, key: string): string | undefined => list[find(list, key) + 1],
  keys: (list: HeaderList): string[] => list.filter((_, index) => index % 2 === 0),
  set: (list: HeaderList, key: string, value: string): void => {
    const at = find(list, key);
    if (at === -1) list.push(key.toLowerCase(), value);
    else list[at + 1] = value;
  },
};

export function createTracing(tracer: Tracer = trace.getTracer("@breezeway/gateway")): Tracing {
  return {
    start: ({ head, headers, route, target }) => {
      const list = headers.forward;
      const parent = propagation.extract(context.active(), list, {
        get: (carried, key) => (find(carried, key) === -1 ? undefined : carrier.get(carried, key)),
        keys: carrier.keys,
      });
      const span = tracer.startSpan(
        `${head.method} ${route.prefix}`,
        {
          kind: SpanKind.SERVER,
          attributes: {
            "http.request.method": head.method,
            "http.route": route.prefix,
            "url.path": target.path,
          },
        },
        parent,
      );
      propagation.inject(trace.setSpan(parent, span), list, carrier);
      return span;
    },
    end: (span, { status, reason, requestId, session, appVersion }) => {
      span.setAttribute("http.response.status_code", status);
      span.setAttribute("breezeway.request_id", requestId);
      if (session !== undefined) {
        span.setAttribute("breezeway.app", session.appId);
        span.setAttribute("breezeway.tenant", session.tenantId);
      }
      if (appVersion !== undefined) {
        span.setAttribute("breezeway.app.version", appVersion.version);
        span.setAttribute("breezeway.app.channel", appVersion.channel);
      }
      if (reason !== undefined) span.setAttribute("error.type", reason);
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}

/** Index of the name in the list; -1 when the list does not have it. */
function find(list: HeaderList, name: string): number {
  const wanted = name.toLowerCase();
  for (let index = 0; index < list.length; index += 2) {
    if (list[index] === wanted) return index;
  }
  return -1;
}
