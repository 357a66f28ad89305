/** The issuer inside `node:http`, Express and everything that has their calling convention. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { NodeRequest, sendNodeResponse } from "srvx/node";
import type { Issuer } from "../create-issuer.ts";
import { createClientAddress, type ProxyOptions } from "./client-address.ts";

/**
 * Answers requests below the issuer's path. All others go to `next`, when there is one, and are
 * answered with 404 otherwise.
 */
export type NodeHandler = (
  request: IncomingMessage & { readonly originalUrl?: string },
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
  request: IncomingMessage,
  { response, address }: { response: ServerResponse; address: string | undefined },
): Promise<void> {
  try {
    const webRequest = new NodeRequest({ req: request, res: response });
    const answered = await issuer.fetch(webRequest, { address });
    await sendNodeResponse(response, answered);
  } catch {
    // The client went away in mid-answer; there is nobody left to tell.
    response.destroy();
  }
}
