/**
 * Requests that the host sends for a guest, so that the guest never holds a token.
 *
 * [HF-1] They go to the gateway's origin only, for any URL that the guest gives, and follow no
 *        redirects: the host's page can read more of the web than the guest's.
 * [HF-2] They carry the token of the frame's own app, and no cookies.
 * [HF-3] The host's `Authorization` header replaces one of the guest.
 * [HF-4] The host holds the response in memory, so its body is limited like the binary data of a message.
 * [HF-5] The bodies that are being read for one app are limited together, whatever number of requests it
 *        makes at once.
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
  /** Bytes of the bodies that are being read for one app. One body of `maxBytes` is always possible. */
  readonly maxHeldBytes: number;
}

/** Bytes that the host holds for one app. */
interface Held {
  bytes: number;
}

export function createHostFetch(deps: HostFetchDeps): HostFetch {
  const heldFor = new WeakMap<TokenSource, Held>();
  return async ({ args: [asked], signal }, tokens) => {
    if (!isHostFetchRequest(asked)) {
      throw invalidRequest();
    }
    const url = gatewayTarget(asked.url, deps.gatewayUrl);
    const held = heldFor.get(tokens) ?? { bytes: 0 };
    heldFor.set(tokens, held);
    const send = async (token: string): Promise<HostFetchResponse> =>
      readResponse(await perform(deps.fetch, requestInit(url, asked, token, signal)), deps, held);

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

async function readResponse(
  response: Response,
  limits: HostFetchDeps,
  held: Held,
): Promise<HostFetchResponse> {
  const { status, statusText, headers } = response;
  const body = await readBounded(response, limits, held);
  return { status, statusText, headers: [...headers], body };
}

/** Stops reading at the limits: a stream without an end would fill the host's memory. */
async function readBounded(
  { body }: Response,
  { maxBytes, maxHeldBytes }: HostFetchDeps,
  held: Held,
): Promise<ArrayBuffer> {
  const reader = body?.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  try {
    for (;;) {
      const { value } = (await reader?.read().catch(cutOff)) ?? {};
      if (value === undefined) return await new Blob(chunks).arrayBuffer();
      size += value.byteLength;
      held.bytes += value.byteLength;
      chunks.push(value);
      if (size > maxBytes) throw tooLarge(maxBytes);
      if (held.bytes > Math.max(maxHeldBytes, maxBytes)) throw tooMuch(maxHeldBytes);
    }
  } catch (error) {
    void reader?.cancel().catch(() => undefined);
    throw error;
  } finally {
    held.bytes -= size;
  }
}

function tooLarge(maxBytes: number): BridgeError {
  return new BridgeError(
    "FETCH_FAILED",
    `The response body is larger than ${maxBytes} bytes. Fetch it in parts, or without via: "host".`,
  );
}

function tooMuch(maxHeldBytes: number): BridgeError {
  return new BridgeError(
    "CALL_LIMIT_EXCEEDED",
    `The responses that the host is reading for this app hold more than ${maxHeldBytes} bytes. Make fewer requests at once.`,
  );
}

function cutOff(cause: unknown): never {
  throw new BridgeError(
    "FETCH_FAILED",
    "The connection to the gateway broke while the response was read.",
    { cause },
  );
}
