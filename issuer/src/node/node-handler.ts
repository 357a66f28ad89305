/** The issuer inside `node:http`, Express and everything that has their calling convention. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { NodeRequest, sendNodeResponse } from "srvx/node";
import type { Issuer } from "../create-issuer.ts";
import { createClientAddress } from "./client-address.ts";
import type { ProxyOptions } from "./serve-options.ts";

/** What Express adds to a request. */
interface ExpressParts {
  readonly originalUrl?: string;
  /** There when a body parser came first. */
  readonly body?: unknown;
}

/**
 * Answers requests below the issuer's path. All others go to `next`, when there is one, and are
 * answered with 404 otherwise.
 */
export type NodeHandler = (
  request: IncomingMessage & ExpressParts,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void;

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function toNodeHandler(
  issuer: Pick<Issuer, "url" | "fetch">,
  options: ProxyOptions = {},
): NodeHandler {
  const addressOf = createClientAddress(options);
  const mountPath = new URL(issuer.url).pathname.replace(/\/$/, "");
  return (request, response, next) => {
    // Express cuts its own mount path off `url`; the issuer's paths are whole.
    const url = request.originalUrl ?? request.url ?? "/";
    const path = url.split("?", 1)[0] ?? "/";
    if (next && path !== mountPath && !path.startsWith(`${mountPath}/`)) {
      next();
      return;
    }
    request.url = url;
    void answer(issuer, request, { response, address: addressOf(request) });
  };
}

async function answer(
  issuer: Pick<Issuer, "fetch">,
  request: IncomingMessage & ExpressParts,
  { response, address }: { response: ServerResponse; address: string | undefined },
): Promise<void> {
  try {
    const answered = await issuer.fetch(toWebRequest(request, response), { address });
    if (isFarewell(answered)) response.shouldKeepAlive = false;
    await sendNodeResponse(response, answered);
  } catch {
    // The client went away in mid-answer; there is nobody left to tell.
    response.destroy();
  }
}

/**
 * Who is sent away, or reaches the end of a stream, comes back soon. On this connection that would be
 * to this process again, though another one may be well behind the same balancer.
 */
function isFarewell({ status, headers }: Response): boolean {
  return status === 503 || headers.get("content-type")?.startsWith("text/event-stream") === true;
}

function toWebRequest(request: IncomingMessage & ExpressParts, response: ServerResponse): Request {
  const webRequest = new NodeRequest({ req: request, res: response });
  if (request.body === undefined || !request.readableEnded) return webRequest;
  // A body parser has read the stream to its end; what it made of it is all that is left.
  const headers = new Headers(webRequest.headers);
  headers.delete("content-length");
  return new Request(webRequest.url, {
    method: request.method ?? "POST",
    headers,
    body: JSON.stringify(request.body),
  });
}
