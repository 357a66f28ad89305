/**
 * Requests that the host performs for a guest, so that the guest never holds a token.
 *
 * [HF-1] To the gateway's origin only, whatever URL the guest gives, and without following
 *        redirects: the host's page may read more of the web than the guest's.
 * [HF-2] With the token of the frame's own app, and with no cookies.
 * [HF-3] A credential that the guest names itself is removed.
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
import type { AppTokens } from "../tokens/app-tokens.ts";

export type HostFetch = (call: IncomingCall, tokens: AppTokens) => Promise<HostFetchResponse>;

export interface HostFetchOptions {
  /** `null`: there is no gateway, and every request is refused. */
  readonly gatewayUrl: string | null;
  readonly fetch: typeof fetch;
}

export function createHostFetch(options: HostFetchOptions): HostFetch {
  return async ({ args: [asked], signal }, tokens) => {
    if (!isHostFetchRequest(asked)) {
      throw new BridgeError("CALL_ARGUMENTS_INVALID", "This is not a request.");
    }
    const url = gatewayTarget(asked.url, options.gatewayUrl);
    const send = (token: string): Promise<Response> =>
      perform(options.fetch, requestInit(url, asked, token, signal));

    const { token } = await tokens.get();
    const response = await send(token);
    if (!(await asksForRefresh(response))) return readResponse(response);
    await response.body?.cancel();
    return readResponse(await send((await tokens.replace(token)).token));
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

async function asksForRefresh(response: Response): Promise<boolean> {
  if (response.status !== 401) return false;
  if (!response.headers.get("content-type")?.startsWith("application/problem+json")) return false;
  const problem: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  return isRecord(problem) && problem["action"] === "refresh";
}

async function readResponse(response: Response): Promise<HostFetchResponse> {
  const body = await response.arrayBuffer();
  const { status, statusText } = response;
  return withTransfer({ status, statusText, headers: [...response.headers], body }, [body]);
}
