/** What every endpoint works with, and what it knows of its request. */
import type { AppRegistry } from "@breezeway/shared/schemas";
import type { AuditSink } from "../audit/audit.ts";
import type { Clock } from "@breezeway/shared";
import type { SessionLifetimes } from "../sessions/lifetime.ts";
import type { SessionService } from "../sessions/session-service.ts";
import type { AppMint } from "../tokens/app-mint.ts";
import type { RateLimiter } from "./rate-limits.ts";
import type { SessionCredentials } from "./session-credentials.ts";

export interface RequestContext {
  readonly request: Request;
  readonly url: URL;
  readonly requestId: string;
  /** Address of the client, as far as the server knows it. */
  readonly address: string;
  /** What the endpoint found out before it refused; for the audit line of the refusal. */
  readonly subject: AuditSubject;
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
   * Against pages of other origins: `change` for what changes something or hands out a credential,
   * `read` for what tells of a session.
   */
  readonly guard: "none" | "read" | "change";
  readonly handle: Handler;
}

export interface EndpointDeps {
  readonly apps: AppRegistry;
  readonly sessions: SessionService;
  readonly lifetimes: SessionLifetimes;
  readonly credentials: SessionCredentials;
  readonly clock: Clock;
  readonly audit: AuditSink;
  readonly limits: RateLimiter;
  readonly mint: AppMint;
  /** Reads what other processes have changed until now. @throws {BridgeError} STORE_UNAVAILABLE */
  readonly readLog: () => Promise<void>;
}
