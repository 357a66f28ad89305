/**
 * `fetch` with the session token, for gateway origins only.
 *
 * [FT-1] The token goes to configured gateway origins only. Any other URL is refused before a token is
 *        requested. On a redirect to another origin the browser drops the header (Fetch standard,
 *        HTTP-redirect fetch, step 14).
 * [FT-2] A request is retried once, if the gateway answers `action: "refresh"` and the body can be
 *        sent again.
 * [FT-3] Cookies are never sent: the token is the only credential.
 */
import {
  BridgeError,
  isRecord,
  originOf,
  type HostFetchRequest,
  type HostFetchResponse,
} from "@breezeway/shared";
import { WORDS } from "@breezeway/shared/words";
import type { Proof } from "../proof/create-proof.ts";
import type { TokenCache } from "../tokens/token-cache.ts";
import { traceparent } from "./traceparent.ts";

export interface BridgeFetchOptions {
  readonly tokens: Pick<TokenCache, "get" | "replace" | "now">;
  /** `undefined`: tokens are not bound to a key, and are sent without a proof. */
  readonly proof: Proof | undefined;
  /** Base of relative URLs, whose origin gets the token. `null`: the host names no gateway. */
  readonly gatewayUrl: () => string | null;
  /** Further origins that get the token. */
  readonly gatewayOrigins: readonly string[];
  readonly fetch: typeof fetch;
  /** Has the host perform a request. */
  readonly hostFetch: (request: HostFetchRequest, signal: AbortSignal) => Promise<unknown>;
}

export interface BridgeFetchInit extends RequestInit {
  /**
   * `host`: the host performs the request with a token that this page never sees. Both bodies are held
   * in memory as a whole. Default: this page performs it.
   */
  readonly via?: "host";
}

export type BridgeFetch = (
  input: string | URL | Request,
  init?: BridgeFetchInit,
) => Promise<Response>;

// A problem+json body of the gateway has a few hundred bytes; a larger body is a foreign one.
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
        // The browser does not reveal to a page which of the two it was.
        const why = WORDS && "The gateway cannot be reached, or CORS blocked its response.";
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
    WORDS
      ? `bridge.fetch: url: must be on a gateway origin, and ${origin ?? "this URL"} is not${gatewayUrl === null ? ": the host names no gatewayUrl" : ""}.`
      : [String(origin)],
  );
}

/** Normalises an absolute URL, since a page would resolve `https:gateway.example/x` as its own path. */
function originless(text: string): string | undefined {
  return URL.canParse(text) ? new URL(text).href : undefined;
}

/** Resolves `/orders` under `https://api.example/v1` to `https://api.example/v1/orders`. */
function resolveUnder(gatewayUrl: string, text: string): string | undefined {
  if (URL.canParse(text)) return originless(text);
  const base = gatewayUrl.endsWith("/") ? gatewayUrl : `${gatewayUrl}/`;
  const path = text.replace(/^\/(?!\/)/, "");
  return URL.canParse(path, base) ? new URL(path, base).href : undefined;
}

/** A stream can be read once, so a retry would need a copy of it in memory. */
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
