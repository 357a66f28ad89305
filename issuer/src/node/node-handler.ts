/** The issuer inside `node:http`, Express, and frameworks with the same calling convention. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { NodeRequest, sendNodeResponse } from "srvx/node";
import type { Issuer } from "../create-issuer.ts";
import { createClientAddress } from "./client-address.ts";
import { parseProxyOptions, type ProxyOptions } from "./serve-options.ts";

/** What Express adds to a request. */
interface ExpressParts {
  readonly originalUrl?: string;
  /** Set by a body parser. */
  readonly body?: unknown;
}

/**
 * Answers requests below the issuer's path. Other requests go to `next`, or get 404 when no `next` is
 * given.
 */
export type NodeHandler = (
  request: IncomingMessage & ExpressParts,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void;

/** @throws {BridgeError} CONFIG_INVALID, when an option is unknown or does not fit */
export function toNodeHandler(
  issuer: Pick<Issuer, "url" | "fetch">,
  options: ProxyOptions = {},
): NodeHandler {
  const addressOf = createClientAddress(parseProxyOptions(options));
  const mountPath = new URL(issuer.url).pathname.replace(/\/$/, "");
  return (request, response, next) => {
    // Express removes its mount path from `url`, but the issuer matches whole paths.
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
    if (endsConnection(answered)) response.shouldKeepAlive = false;
    await sendNodeResponse(response, answered);
  } catch {
    // The client went away during the answer.
    response.destroy();
  }
}

/**
 * A client that gets 503, or whose stream ends, retries soon. Closing the connection lets a balancer
 * choose another process for the retry.
 */
function endsConnection({ status, headers }: Response): boolean {
  return status === 503 || headers.get("content-type")?.startsWith("text/event-stream") === true;
}

function toWebRequest(request: IncomingMessage & ExpressParts, response: ServerResponse): Request {
  const webRequest = new NodeRequest({ req: request, res: response });
  if (request.body === undefined || !request.readableEnded) return webRequest;
  // A body parser has consumed the stream, so the body is rebuilt from the parsed value.
  const headers = new Headers(webRequest.headers);
  headers.delete("content-length");
  return new Request(webRequest.url, {
    method: request.method ?? "POST",
    headers,
    body: JSON.stringify(request.body),
  });
}
