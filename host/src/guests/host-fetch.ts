/**
 * Requests that the host performs for a guest, so that the guest never holds a token.
 *
 * [HF-1] To the gateway's origin only, whatever URL the guest gives, and without following
 *        redirects: the host's page may read more of the web than the guest's.
 * [HF-2] With the token of the frame's own app, and with no cookies.
 * [HF-3] A credential that the guest names itself is removed.
 * [HF-4] An answer is held in memory, so it may not be larger than a message of the guest.
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
import type { TokenSource } from "../tokens/token-source.ts";

export type HostFetch = (call: IncomingCall, tokens: TokenSource) => Promise<HostFetchResponse>;

export interface HostFetchOptions {
  /** `null`: there is no gateway, and every request is refused. */
  readonly gatewayUrl: string | null;
  readonly fetch: typeof fetch;
  readonly maxBytes: number;
}

export function createHostFetch(options: HostFetchOptions): HostFetch {
  return async ({ args: [asked], signal }, tokens) => {
    if (!isHostFetchRequest(asked)) {
      throw new BridgeError("CALL_ARGUMENTS_INVALID", "This is not a request.");
    }
    const url = gatewayTarget(asked.url, options.gatewayUrl);
    const send = async (token: string): Promise<HostFetchResponse> =>
      readResponse(
        await perform(options.fetch, requestInit(url, asked, token, signal)),
        options.maxBytes,
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
    // As it was checked: a page reads `https:gateway.example/x` as a path of its own.
    return new URL(url).href;
  }
  throw new BridgeError(
    "FETCH_ORIGIN_NOT_ALLOWED",
    "The host sends requests for guests to its gateway only.",
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
      // Copied: a body that was sent once may have to be sent again.
      body: asked.body?.slice(0) ?? null,
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
      cache: "no-store",
      signal,
    });
  } catch (cause) {
    throw new BridgeError("CALL_ARGUMENTS_INVALID", "This is not a request.", { cause });
  }
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

/** A stream without an end is one too: a guest could fill the host's memory with it. */
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
    throw new BridgeError("FETCH_FAILED", `The answer is larger than ${maxBytes} bytes.`);
  }
}

function cutOff(cause: unknown): never {
  throw new BridgeError("FETCH_FAILED", "The gateway's answer broke off.", { cause });
}
