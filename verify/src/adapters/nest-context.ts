/** Where the execution contexts of NestJS have the request, and where the guard leaves the session. */
import { BridgeError, isRecord } from "@breezeway/shared";
import type { ExecutionContext } from "@nestjs/common";
import type { VerifiedSession } from "../verifier/verified-session.ts";

/** Finds the request that carries the session token. `undefined` refuses the context. */
export type RequestGetter = (context: ExecutionContext) => object | undefined;

/** Nest's arguments in a GraphQL context are those of a resolver: root, arguments, context, info. */
const GRAPHQL_CONTEXT = 2;

/**
 * The object that lives as long as the request, by which `@Session()` finds what the guard verified:
 * `getRequest` may return a new object each time.
 */
const sessions = new WeakMap<object, VerifiedSession>();

/** The request of an HTTP route, or of the GraphQL context. */
export function requestIn(context: ExecutionContext): object | undefined {
  const kind: string = context.getType();
  if (kind === "http") return context.switchToHttp().getRequest<object>();
  if (kind !== "graphql") return undefined;
  const carrier = carrierOf(context);
  // Mercurius passes on only the reply. A subscription has a context of its socket as `req`, which has
  // no headers.
  const reply = isRecord(carrier) ? carrier["reply"] : undefined;
  const request = isRecord(carrier) ? (carrier["req"] ?? carrier["request"]) : undefined;
  const found = request ?? (isRecord(reply) ? reply["request"] : undefined);
  return isRecord(found) && isRecord(found["headers"]) ? found : undefined;
}

export function keepSession(
  context: ExecutionContext,
  request: { session?: unknown },
  session: VerifiedSession | undefined,
): void {
  request.session = session;
  const carrier = carrierOf(context);
  if (!isRecord(carrier)) return;
  if (session === undefined) sessions.delete(carrier);
  else sessions.set(carrier, session);
}

export function sessionIn(context: ExecutionContext): VerifiedSession | undefined {
  const carrier = carrierOf(context);
  return isRecord(carrier) ? sessions.get(carrier) : undefined;
}

/** The request, the GraphQL context, or the first argument of a handler of messages. */
function carrierOf(context: ExecutionContext): unknown {
  const kind: string = context.getType();
  return context.getArgByIndex(kind === "graphql" ? GRAPHQL_CONTEXT : 0);
}

export function unknownRequest(context: ExecutionContext): BridgeError {
  const message =
    `SessionModule: getRequest: the guard finds no request in a context of type ${context.getType()}. ` +
    "Pass getRequest: (context) => the object with the headers of the request, or guard the other " +
    "routes alone, with everyRoute: false and @UseGuards(SessionGuard).";
  return new BridgeError("CONFIG_INVALID", message);
}

/** Codes that clients of Apollo know. */
export function graphqlCode(status: number): string {
  if (status === 401) return "UNAUTHENTICATED";
  if (status === 403) return "FORBIDDEN";
  return status < 500 ? "BAD_REQUEST" : "INTERNAL_SERVER_ERROR";
}

/** Fastify wraps Node's objects and offers them as `raw`. Express extends them. */
export function nodePart(wrapped: object): unknown {
  return "raw" in wrapped ? wrapped.raw : wrapped;
}
