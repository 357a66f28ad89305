/** The events of Lambda and Netlify: which of them are HTTP requests, how to read and to answer them. */
import { BridgeError, isRecord } from "@breezeway/shared";
import type { RequestParts } from "../guard/request-parts.ts";

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

/**
 * An answer in the form that the sender of the event reads. A load balancer with multi-value headers
 * ignores `headers`; all others read them.
 */
export interface HttpResult {
  readonly statusCode: number;
  readonly headers?: Record<string, string>;
  readonly multiValueHeaders?: Record<string, string[]>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** Whether the sender of the event waits for an HTTP answer. */
export function isHttpEvent(event: unknown): event is RestEvent | HttpEvent {
  if (!isRecord(event) || isAuthorizerEvent(event)) return false;
  if (typeof event["httpMethod"] === "string") return true;
  const { requestContext } = event;
  const http = isRecord(requestContext) ? requestContext["http"] : undefined;
  return isRecord(http) && typeof http["method"] === "string";
}

/** An authorizer receives a whole request, but its answer is a policy. */
function isAuthorizerEvent(event: Record<string, unknown>): boolean {
  return typeof event["methodArn"] === "string" || typeof event["routeArn"] === "string";
}

export function partsOfEvent(event: RestEvent | HttpEvent): RequestParts {
  return {
    source: event,
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

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The answer in the map of headers in which the event came. */
export function resultFor(
  event: RestEvent | HttpEvent,
  { status, headers, body }: Answer,
): HttpResult {
  const result = { statusCode: status, body, isBase64Encoded: false };
  const hasOnlyMultiValues = isRecord(event.multiValueHeaders) && !isRecord(event.headers);
  if (!hasOnlyMultiValues) return { ...result, headers: { ...headers } };
  const lists = Object.entries(headers).map(([name, value]): [string, string[]] => [name, [value]]);
  return { ...result, multiValueHeaders: Object.fromEntries(lists) };
}

export function otherEvent(event: unknown): BridgeError {
  return new BridgeError(
    "CONFIG_INVALID",
    `verifySession: onOther: the function received ${kindOf(event)}, which is not an HTTP request of ` +
      "API Gateway, a Function URL, a load balancer or Netlify. Pass onOther: (event, context) => … to " +
      "handle such events, or remove the trigger.",
  );
}

function kindOf(event: unknown): string {
  if (!isRecord(event)) return "an event that is not an object";
  if (isAuthorizerEvent(event)) return "an authorizer event";
  const { requestContext: context, Records: records } = event;
  if (isRecord(context) && "connectionId" in context) return "a WebSocket event";
  const [record] = Array.isArray(records) ? (records as unknown[]) : [];
  const source = isRecord(record)
    ? (record["eventSource"] ?? record["EventSource"])
    : event["source"];
  const isName = typeof source === "string" && /^[\w.:-]{1,64}$/.test(source);
  return isName ? `an event of ${source}` : "an event of an unknown kind";
}
