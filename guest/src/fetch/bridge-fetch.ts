/**
 * `fetch` with the session token, for gateway origins only.
 *
 * [FT-1] The token goes to configured gateway origins; any other URL is refused before a token is
 *        even asked for. On a redirect to another origin the browser drops the header
 *        (Fetch standard, HTTP-redirect fetch, step 14).
 * [FT-2] One retry, and only when the gateway says `action: "refresh"` and the body can be sent again.
 * [FT-3] No cookies: the token is the one credential.
 */
import {
  BridgeError,
  isRecord,
  originOf,
  type HostFetchRequest,
  type HostFetchResponse,
} from "@breezeway/shared";
import type { Proof } from "../proof/create-proof.ts";
import type { TokenCache } from "../tokens/token-cache.ts";
import { traceparent } from "./traceparent.ts";

export interface BridgeFetchOptions {
  readonly tokens: Pick<TokenCache, "get" | "replace" | "now">;
  /** `undefined`: tokens are bound to no key, and sent as they are. */
  readonly proof: Proof | undefined;
  /** Base of relative URLs; its origin gets the token. `null`: there is no gateway. */
  readonly gatewayUrl: () => string | null;
  /** Further origins that get the token. */
  readonly gatewayOrigins: readonly string[];
  readonly fetch: typeof fetch;
  /** Has the host perform a request. */
  readonly hostFetch: (request: HostFetchRequest, signal: AbortSignal) => Promise<unknown>;
}

export interface BridgeFetchInit extends RequestInit {
  /**
   * `host`: the host performs the request, with a token that this page never sees. The whole body
   * is held in memory on both ways. Default: this page does.
   */
  readonly via?: "host";
}

export type BridgeFetch = (
  input: string | URL | Request,
  init?: BridgeFetchInit,
) => Promise<Response>;

// A problem+json body of the gateway is a few hundred bytes; more is not one of ours.
const MAX_PROBLEM_BYTES = 16_384;

export function createBridgeFetch(options: BridgeFetchOptions): BridgeFetch {
  return async (input, init = {}) => {
    const url = resolveUrl(input, options);
    const request = input instanceof Request ? new Request(input, init) : new Request(url, init);
    if (!request.headers.has("traceparent")) request.headers.set("traceparent", traceparent());
    if (init.via === "host") return viaHost(request, options);

    const send = async (token: string, attempt: Request): Promise<Response> => {
      if (options.proof) await options.proof.authorize(attempt, token, options.tokens.now());
      else attempt.headers.set("authorization", `Bearer ${token}`);
      try {
        return await options.fetch(attempt, { credentials: "omit" });
      } catch (cause) {
        if (attempt.signal.aborted) throw cause;
        // The browser tells a page neither which of the two it was, nor more.
        const why = "No answer of the gateway: the network, or CORS.";
        throw new BridgeError("FETCH_FAILED", why, { cause });
      }
    };

    const token = await options.tokens.get();
    const spare = isReplayable(input, init) ? request.clone() : undefined;
    const response = await send(token, request);
    if (spare === undefined || !(await asksForRefresh(response))) {
      await spare?.body?.cancel();
      return response;
    }
    await response.body?.cancel();
    return send(await options.tokens.replace(token), spare);
  };
}

async function viaHost(
  request: Request,
  { hostFetch }: Pick<BridgeFetchOptions, "hostFetch">,
): Promise<Response> {
  const { url, method, headers, signal } = request;
  const body = request.body && (await request.arrayBuffer());
  const answer = await hostFetch({ url, method, headers: [...headers], body }, signal);
  const { body: content, ...init } = answer as HostFetchResponse;
  // These statuses have no body (Fetch standard, null body status).
  const isEmpty = [204, 205, 304].includes(init.status);
  return new Response(isEmpty ? null : content, init as ResponseInit);
}

function resolveUrl(input: string | URL | Request, options: BridgeFetchOptions): string {
  const gatewayUrl = options.gatewayUrl();
  const text = input instanceof Request ? input.url : String(input);
  const url = gatewayUrl === null ? originless(text) : resolveUnder(gatewayUrl, text);
  const origin = url === undefined ? undefined : originOf(url);
  const allowed = gatewayUrl === null ? [] : [originOf(gatewayUrl)];
  if (url !== undefined && [...allowed, ...options.gatewayOrigins].includes(origin)) return url;
  throw new BridgeError(
    "FETCH_ORIGIN_NOT_ALLOWED",
    `bridge.fetch sends the session token to the gateway only, and ${origin ?? "this URL"} is not one of its origins${gatewayUrl === null ? ": the host names no gatewayUrl" : ""}.`,
  );
}

/** As it is checked: a page reads `https:gateway.example/x` as a path of its own. */
function originless(text: string): string | undefined {
  return URL.canParse(text) ? new URL(text).href : undefined;
}

/** `/orders` under `https://api.example/v1` is `https://api.example/v1/orders`. */
function resolveUnder(gatewayUrl: string, text: string): string | undefined {
  if (URL.canParse(text)) return originless(text);
  const base = gatewayUrl.endsWith("/") ? gatewayUrl : `${gatewayUrl}/`;
  const path = text.replace(/^\/(?!\/)/, "");
  return URL.canParse(path, base) ? new URL(path, base).href : undefined;
}

/** A stream can be read once: sending it again would need a copy of all of it in memory. */
function isReplayable(input: unknown, init: RequestInit): boolean {
  if (init.body instanceof ReadableStream) return false;
  return !(input instanceof Request && input.body !== null && init.body === undefined);
}

async function asksForRefresh(response: Response): Promise<boolean> {
  if (response.status !== 401) return false;
  if (!response.headers.get("content-type")?.startsWith("application/problem+json")) return false;
  if (Number(response.headers.get("content-length") ?? 0) > MAX_PROBLEM_BYTES) return false;
  try {
    const problem: unknown = await response.clone().json();
    return isRecord(problem) && problem["action"] === "refresh";
  } catch {
    return false;
  }
}
