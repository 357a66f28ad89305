/** The issuer's HTTP endpoints as the host uses them: what to send, and what an answer means. */
import { BridgeError, codeOfReason, isRecord } from "@breezeway/shared";
import {
  parseWith,
  sessionSummarySchema,
  tokenResponseSchema,
  type SessionSummary,
  type TokenResponse,
} from "@breezeway/shared/schemas";
import type { Tabs } from "../tabs/tabs.ts";

export interface IssuerClient {
  /** `null`: nobody is signed in. */
  session(): Promise<SessionSummary | null>;
  mint(appId: string, proofKeyThumbprint?: string): Promise<TokenResponse>;
  /** Renews the session secret and with it the idle window. */
  refresh(): Promise<void>;
  switchTenant(tenantId: string): Promise<void>;
  signOut(): Promise<void>;
  /** Any other endpoint: its answer, as JSON. */
  ask(method: "GET" | "POST", path: string, body?: unknown): Promise<unknown>;
  readonly eventsUrl: string;
}

export interface IssuerClientOptions {
  /** Absolute base URL. */
  readonly issuerUrl: string;
  readonly fetch: typeof fetch;
  /** Keeps other tabs from doing work of the same name meanwhile. */
  readonly exclusively: Tabs["exclusively"];
}

/**
 * Every method rejects with a BridgeError: SIGNED_OUT, DENIED (the issuer said no and will again),
 * OFFLINE (it could not be reached, or cannot answer now).
 */
export function createIssuerClient(options: IssuerClientOptions): IssuerClient {
  const { issuerUrl, fetch, exclusively } = options;
  const base = issuerUrl.replace(/\/+$/, "");

  const request = async (method: string, path: string, body?: unknown): Promise<Response> => {
    let response: Response;
    try {
      response = await fetch(`${base}${path}`, {
        method,
        credentials: "same-origin",
        cache: "no-store",
        redirect: "error",
        headers: {
          accept: "application/json",
          "x-breezeway-request": "1",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (cause) {
      throw new BridgeError("OFFLINE", "The issuer cannot be reached.", { cause });
    }
    if (!response.ok) throw await refusal(response);
    return response;
  };

  const read = async (response: Response): Promise<unknown> => {
    try {
      return await response.json();
    } catch (cause) {
      throw new BridgeError("OFFLINE", "The issuer's answer is not valid JSON.", { cause });
    }
  };

  // Answers of two tabs that arrive in the wrong order would leave the browser with a secret that
  // the other one has replaced.
  const rotate = (path: string, body?: unknown): Promise<Response> =>
    exclusively("rotate", () => request("POST", path, body));

  return {
    eventsUrl: `${base}/session/events`,
    async session() {
      try {
        const body = await read(await request("GET", "/session"));
        return parseWith(sessionSummarySchema, body, {
          code: "OFFLINE",
          source: "GET /session",
        });
      } catch (error) {
        if (BridgeError.is(error) && error.code === "SIGNED_OUT") return null;
        throw error;
      }
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

/** Whether what answered is certainly not an issuer: it has no such path, or serves a page at it. */
export function isNotOfIssuer(error: unknown): boolean {
  if (!BridgeError.is(error)) return false;
  const { status } = error.details;
  return status === 404 || (error.code === "OFFLINE" && error.cause instanceof SyntaxError);
}

async function refusal(response: Response): Promise<BridgeError> {
  const { status } = response;
  const problem: unknown = await response.json().catch(() => undefined);
  const reason =
    isRecord(problem) && typeof problem["reason"] === "string" ? problem["reason"] : "";
  const code = codeOfReason(reason);
  const cause = code && new BridgeError(code, `The issuer answered ${status} ${reason}.`);
  const options = { details: { status, reason }, ...(cause ? { cause } : {}) };
  if (status === 401) return new BridgeError("SIGNED_OUT", "Nobody is signed in.", options);
  if (status === 429 || status >= 500) {
    return new BridgeError("OFFLINE", `The issuer cannot answer now (${status}).`, options);
  }
  return new BridgeError("DENIED", `The issuer refused (${reason || status}).`, options);
}
