/** The shape of endpoints, the parts that they share, and the context of one request. */
import type { AppsRuntime } from "../apps/apps-runtime.ts";
import type { AuditSink } from "../audit/audit.ts";
import type { Clock } from "@breezeway/shared";
import type { SessionLifetimes } from "../sessions/lifetime.ts";
import type { SessionClient } from "../sessions/session-device.ts";
import type { SessionService } from "../sessions/session-service.ts";
import type { AppMint } from "../tokens/app-mint.ts";
import type { RateLimiter } from "./rate-limits.ts";
import type { SessionCredentials } from "./session-credentials.ts";

export interface RequestContext {
  readonly request: Request;
  readonly url: URL;
  readonly requestId: string;
  /** Address of the client; `unknown` when the server does not know it. */
  readonly address: string;
  /** Whether the server is about to stop. */
  readonly isDraining: boolean;
  /** Filled in by the endpoint as it learns more; a refusal writes it to the audit log. */
  readonly subject: AuditSubject;
}

/** What a sign-in tells about its device. */
export function clientOf({ request, address }: RequestContext): SessionClient {
  const userAgent = request.headers.get("user-agent");
  return userAgent === null ? { address } : { userAgent, address };
}

export interface AuditSubject {
  sub?: string;
  tenant?: string;
  app?: string;
  sid?: string;
}

export type Handler = (context: RequestContext) => Promise<Response> | Response;

export interface Endpoint {
  readonly method: "GET" | "POST" | "DELETE";
  /** Below the mount path: `/session/token`. */
  readonly path: string;
  /**
   * Protection against pages of other origins: `change` for an endpoint that changes state or returns
   * a credential, `read` for an endpoint that returns data of a session.
   */
  readonly guard: "none" | "read" | "change";
  readonly handle: Handler;
}

export interface EndpointDeps {
  readonly apps: AppsRuntime;
  readonly sessions: SessionService;
  readonly lifetimes: SessionLifetimes;
  readonly credentials: SessionCredentials;
  readonly clock: Clock;
  readonly audit: AuditSink;
  readonly limits: RateLimiter;
  readonly mint: AppMint;
  /** Reads the change log to its end. @throws {BridgeError} STORE_UNAVAILABLE */
  readonly readLog: () => Promise<void>;
}
