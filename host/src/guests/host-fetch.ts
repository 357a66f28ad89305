/**
 * Requests that the host sends for a guest, so that the guest never holds a token.
 *
 * [HF-1] They go to the gateway's origin only, for any URL that the guest gives, and follow no
 *        redirects: the host's page can read more of the web than the guest's.
 * [HF-2] They carry the token of the frame's own app, and no cookies.
 * [HF-3] The host's `Authorization` header replaces one of the guest.
 * [HF-4] The host holds the response in memory, so its body is limited like a message of the guest.
 */
import {
  BridgeError,
  isHostFetchRequest,
  isRecord,
  originOf,
  type HostFetchRequest,
  type HostFetchResponse,
} from "@breezeway/shared";
import { withTransfer, type IncomingCall } from "@breezeway/shared/channel";
import type { TokenSource } from "@breezeway/shared/session";

export type HostFetch = (call: IncomingCall, tokens: TokenSource) => Promise<HostFetchResponse>;

export interface HostFetchDeps {
  /** `null` without a gateway: every request is refused. */
  readonly gatewayUrl: string | null;
  readonly fetch: typeof fetch;
  /** Largest response body, in bytes. */
  readonly maxBytes: number;
}

export function createHostFetch(deps: HostFetchDeps): HostFetch {
  return async ({ args: [asked], signal }, tokens) => {
    if (!isHostFetchRequest(asked)) {
      throw invalidRequest();
    }
    const url = gatewayTarget(asked.url, deps.gatewayUrl);
    const send = async (token: string): Promise<HostFetchResponse> =>
      readResponse(
        await perform(deps.fetch, requestInit(url, asked, token, signal)),
        deps.maxBytes,
      );

    const { token } = await tokens.get();
    const first = await send(token);
    const answer = asksForRefresh(first) ? await send((await tokens.replace(token)).token) : first;
    return withTransfer(answer, [answer.body]);
  };
}

function gatewayTarget(url: string, gatewayUrl: string | null): string {
  const origin = originOf(url);
  if (gatewayUrl !== null && origin !== undefined && origin === originOf(gatewayUrl)) {
    // The URL as it was checked: a page would read `https:gateway.example/x` as a path of its own.
    return new URL(url).href;
  }
  throw new BridgeError(
    "FETCH_ORIGIN_NOT_ALLOWED",
    "The host sends requests of guests to its gateway only. Use a URL of the gateway.",
  );
}

function requestInit(
  url: string,
  asked: HostFetchRequest,
  token: string,
  signal: AbortSignal,
): Request {
  try {
    const headers = new Headers(asked.headers.map(([name, value]) => [name, value]));
    headers.set("authorization", `Bearer ${token}`);
    return new Request(url, {
      method: asked.method,
      headers,
      // A copy: the request may have to be sent again with another token.
      body: asked.body?.slice(0) ?? null,
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
      cache: "no-store",
      signal,
    });
  } catch (cause) {
    throw invalidRequest(cause);
  }
}

function invalidRequest(cause?: unknown): BridgeError {
  return new BridgeError(
    "CALL_ARGUMENTS_INVALID",
    "bridge.fetch: the argument must be a request with url, method, headers and body.",
    { cause },
  );
}

async function perform(send: typeof fetch, request: Request): Promise<Response> {
  try {
    return await send(request);
  } catch (cause) {
    const code = request.signal.aborted ? "CALL_ABORTED" : "FETCH_FAILED";
    throw new BridgeError(code, "The request did not reach the gateway.", { cause });
  }
}

function asksForRefresh({ status, headers, body }: HostFetchResponse): boolean {
  if (status !== 401) return false;
  const type = headers.find(([name]) => name === "content-type")?.[1];
  if (type?.startsWith("application/problem+json") !== true) return false;
  try {
    const problem: unknown = JSON.parse(new TextDecoder().decode(body));
    return isRecord(problem) && problem["action"] === "refresh";
  } catch {
    return false;
  }
}

async function readResponse(response: Response, maxBytes: number): Promise<HostFetchResponse> {
  const { status, statusText, headers } = response;
  const body = await readBounded(response, maxBytes);
  return { status, statusText, headers: [...headers], body };
}

/** Stops reading at the limit: a stream without an end would fill the host's memory. */
async function readBounded({ body }: Response, maxBytes: number): Promise<ArrayBuffer> {
  const reader = body?.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (;;) {
    const { value } = (await reader?.read().catch(cutOff)) ?? {};
    if (value === undefined) return new Blob(chunks).arrayBuffer();
    size += value.byteLength;
    chunks.push(value);
    if (size <= maxBytes) continue;
    void reader?.cancel();
    throw new BridgeError("FETCH_FAILED", `The response body is larger than ${maxBytes} bytes.`);
  }
}

function cutOff(cause: unknown): never {
  throw new BridgeError(
    "FETCH_FAILED",
    "The connection to the gateway broke while the response was read.",
    { cause },
  );
}
