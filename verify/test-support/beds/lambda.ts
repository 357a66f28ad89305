/**
 * Lambda has no server that can run here. These servers stand for the services in front of it, and
 * create their events from real requests, as AWS and Netlify document them.
 */
import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { APIGatewayProxyEventV2, Context } from "aws-lambda";
import { createHandlers } from "../../examples/lambda.ts";
import { serve, type Bed } from "./bed.ts";

type EventMaker = (request: IncomingMessage) => object;

/** API Gateway v2 and Function URLs: lower-case names, several values joined with a comma. */
const version2: EventMaker = (request) => ({
  version: "2.0",
  rawPath: request.url,
  headers: Object.fromEntries(
    Object.entries(request.headersDistinct).map(([name, values]) => [name, values?.join(",")]),
  ),
  requestContext: { http: { method: request.method, path: request.url } },
  isBase64Encoded: false,
});

/** API Gateway v1: names as the client wrote them, the last value, and all values beside it. */
const version1: EventMaker = (request) => {
  const headers: Record<string, string> = {};
  const multiValueHeaders: Record<string, string[]> = {};
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const [name = "", value = ""] = request.rawHeaders.slice(index, index + 2);
    headers[name] = value;
    (multiValueHeaders[name] ??= []).push(value);
  }
  return { httpMethod: request.method, path: request.url, headers, multiValueHeaders };
};

/** A load balancer that is configured to send multi-value headers sends no others. */
const loadBalancer: EventMaker = (request) => ({ ...version1(request), headers: undefined });

/** Netlify: like v1, with lower-case names. */
const netlify: EventMaker = (request) => ({
  httpMethod: request.method,
  path: request.url,
  headers: request.headers,
  multiValueHeaders: request.headersDistinct,
});

function lambdaBed(name: string, toEvent: EventMaker): Bed {
  return {
    name,
    start: async ({ options }) => {
      const { home, orders } = createHandlers(options);
      return serve((request, response) => {
        const handler = request.url === "/" ? home : orders;
        const event = toEvent(request);
        void handler(event as APIGatewayProxyEventV2, {} as Context).then((result) =>
          response.writeHead(result.statusCode ?? 200, headersOf(event, result)).end(result.body),
        );
      });
    },
  };
}

/** A load balancer reads only the map in which it sends headers itself. The others read both. */
function headersOf(event: object, result: object): OutgoingHttpHeaders {
  const { headers, multiValueHeaders } = result as Record<string, OutgoingHttpHeaders | undefined>;
  return "headers" in event && event.headers === undefined
    ? { ...multiValueHeaders }
    : { ...headers, ...multiValueHeaders };
}

export const lambdaBeds: readonly Bed[] = [
  lambdaBed("lambda, API Gateway v2 or Function URL", version2),
  lambdaBed("lambda, API Gateway v1", version1),
  lambdaBed("lambda, load balancer", loadBalancer),
  lambdaBed("lambda, Netlify", netlify),
];
