/** The issuer's HTTP endpoints as the host calls them: what to send, and what each response means. */
import { BridgeError, readBoundedText } from "@breezeway/shared";
import { issuerRefusal } from "@breezeway/shared/session";
import {
  parseWith,
  sessionSummarySchema,
  tokenResponseSchema,
  type SessionSummary,
  type TokenResponse,
} from "@breezeway/shared/schemas";
import type { Tabs } from "../tabs/tabs.ts";

export interface IssuerClient {
  /** Resolves to `null` when nobody is signed in. */
  session(): Promise<SessionSummary | null>;
  /**
   * The apps of the session's tenant; none when nobody is signed in. `undefined` when they are those of
   * `etag`.
   */
  apps(
    etag?: string,
  ): Promise<{ readonly body: unknown; readonly etag: string | undefined } | undefined>;
  mint(appId: string, proofKeyThumbprint?: string): Promise<TokenResponse>;
  /** Rotates the session secret and restarts the idle timeout. */
  refresh(): Promise<void>;
  switchTenant(tenantId: string): Promise<void>;
  signOut(): Promise<void>;
  /** Calls any other endpoint and resolves to its JSON response. */
  ask(method: "GET" | "POST", path: string, body?: unknown): Promise<unknown>;
  readonly eventsUrl: string;
}

/** As long as the previous secret works, so that no answer of a rotation arrives after that time. */
const TIMEOUT_MS = 30_000;
/** More than the manifests of some hundred apps. */
const MAX_ANSWER_BYTES = 2_097_152;

export interface IssuerClientDeps {
  /** Absolute base URL. */
  readonly issuerUrl: string;
  readonly fetch: typeof fetch;
  /** Runs work of one name in one tab at a time. */
  readonly exclusively: Tabs["exclusively"];
}

/**
 * Every method rejects with a BridgeError: SIGNED_OUT; DENIED, when a retry would be denied as well;
 * OFFLINE, when the issuer cannot be reached or cannot answer now.
 */
export function createIssuerClient(deps: IssuerClientDeps): IssuerClient {
  const { issuerUrl, fetch, exclusively } = deps;
  const base = issuerUrl.replace(/\/+$/, "");

  const request = async (
    method: string,
    path: string,
    body?: unknown,
    etag?: string,
  ): Promise<Response> => {
    let response: Response;
    try {
      response = await fetch(`${base}${path}`, requestInit(method, body, etag));
    } catch (cause) {
      throw new BridgeError("OFFLINE", "The issuer cannot be reached.", { cause });
    }
    if (!response.ok && !(response.status === 304 && etag !== undefined)) {
      throw issuerRefusal(response.status, await parse(response).catch(() => undefined));
    }
    return response;
  };

  const read = async (response: Response): Promise<unknown> => {
    try {
      return await parse(response);
    } catch (cause) {
      throw new BridgeError("OFFLINE", "The issuer's response is not valid JSON.", { cause });
    }
  };

  // One rotation instead of one for each tab. Without locks, the issuer accepts the answers in any order.
  const rotate = (path: string, body?: unknown): Promise<Response> =>
    exclusively("rotate", () => request("POST", path, body));

  return {
    eventsUrl: `${base}/session/events`,
    async session() {
      try {
        const body = await read(await request("GET", "/session"));
        if (body === null) return null;
        return parseWith(sessionSummarySchema, body, {
          code: "OFFLINE",
          source: "GET /session",
        });
      } catch (error) {
        if (BridgeError.is(error) && error.code === "SIGNED_OUT") return null;
        throw error;
      }
    },
    async apps(etag) {
      const response = await request("GET", "/apps", undefined, etag);
      if (response.status === 304) return undefined;
      return { body: await read(response), etag: response.headers.get("etag") ?? undefined };
    },
    async mint(appId, proofKeyThumbprint) {
      const asked = { appId, proofKeyThumbprint };
      const body = await read(await request("POST", "/session/token", asked));
      return parseWith(tokenResponseSchema, body, {
        code: "OFFLINE",
        source: "POST /session/token",
      });
    },
    async refresh() {
      await rotate("/session/refresh");
    },
    async switchTenant(tenantId) {
      await rotate("/session/tenant", { tenantId });
    },
    async signOut() {
      await request("DELETE", "/session");
    },
    ask: async (method, path, body) => read(await request(method, path, body)),
  };
}

function requestInit(method: string, body: unknown, etag: string | undefined): RequestInit {
  return {
    method,
    credentials: "same-origin",
    cache: "no-store",
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: {
      accept: "application/json",
      "x-breezeway-request": "1",
      // Asking who is signed in must not write a 401 into the console. An issuer that does not know the
      // preference answers 401 all the same.
      ...(method === "GET" ? { prefer: "signed-out=null" } : {}),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(etag === undefined ? {} : { "if-none-match": etag }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
}

async function parse(response: Response): Promise<unknown> {
  const text = await readBoundedText(response, MAX_ANSWER_BYTES);
  if (text === undefined) throw new RangeError(`It has more than ${MAX_ANSWER_BYTES} bytes.`);
  return JSON.parse(text);
}

/** Whether something else than an issuer has answered: the path does not exist, or serves a page. */
export function isNotOfIssuer(error: unknown): boolean {
  if (!BridgeError.is(error)) return false;
  const { status } = error.details;
  return status === 404 || (error.code === "OFFLINE" && error.cause instanceof SyntaxError);
}
