/** Sessions for NestJS 12 and 11, on Express or Fastify: a module, its guard, and decorators. */
import "./express-request.ts";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ProblemResponse } from "@breezeway/shared";
import { optionObject, parseOptions } from "@breezeway/shared/schemas";
import {
  Catch,
  HttpException,
  Inject,
  Module,
  SetMetadata,
  createParamDecorator,
  type ArgumentsHost,
  type CanActivate,
  type CustomDecorator,
  type DynamicModule,
  type ExceptionFilter,
  type ExecutionContext,
  type OnModuleDestroy,
} from "@nestjs/common";
import { APP_FILTER, APP_GUARD, Reflector } from "@nestjs/core";
import * as z from "zod/mini";
import { sendProblem } from "../guard/problem-response.ts";
import { partsOfNodeRequest } from "../guard/request-parts.ts";
import { openSessionGuard, type SessionGuard as Guard } from "../guard/session-guard.ts";
import {
  parseRouteOptions,
  sessionShape,
  type RouteOptions,
  type SessionOptions,
} from "../guard/session-options.ts";
import type { VerifiedSession } from "../verifier/verified-session.ts";

export * from "../guard/public.ts";

const RULES = "breezeway:session-rules";
const MODULE = "SessionModule.forRoot";

/**
 * Options of a controller or of one of its methods. Those of the method take precedence.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 */
export const SessionRules = (route: RouteOptions): CustomDecorator =>
  SetMetadata(RULES, parseRouteOptions(route, "SessionRules"));

/** The session as a parameter of a handler. `undefined` when it is optional and absent. */
export const Session: () => ParameterDecorator = createParamDecorator(
  (_: undefined, context: ExecutionContext): VerifiedSession | undefined =>
    context.switchToHttp().getRequest<HttpRequest>().session,
);

/** Thrown by the guard. `SessionProblemFilter` turns it into the response. */
export class SessionRefused extends HttpException {
  readonly problem: ProblemResponse;

  constructor(problem: ProblemResponse) {
    super({ ...problem.problem }, problem.status);
    this.problem = problem;
  }
}

interface HttpRequest {
  session?: VerifiedSession | undefined;
}

/** One per module. Nest creates an instance of `SessionGuard` wherever the class is used. */
class SessionDecision implements OnModuleDestroy {
  readonly guard: Guard;

  constructor(options: SessionOptions) {
    this.guard = openSessionGuard(options, MODULE);
  }

  onModuleDestroy(): void {
    this.guard.close();
  }
}

/** Guards all routes (`SessionModule` registers it) or, with `@UseGuards`, some of them. */
export class SessionGuard implements CanActivate {
  readonly #decision: SessionDecision;
  readonly #reflector: Reflector;
  /** Handler → class → merged options. The same object on each request: the guard parses it once. */
  readonly #rules = new WeakMap<object, WeakMap<object, RouteOptions>>();

  constructor(decision: SessionDecision, reflector: Reflector) {
    this.#decision = decision;
    this.#reflector = reflector;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    // Sockets and messages have no request to read, so they are refused.
    if (context.getType() !== "http") return false;
    const request = context.switchToHttp().getRequest<HttpRequest>();
    const parts = partsOfNodeRequest(nodePart(request) as IncomingMessage);
    const admission = await this.#decision.guard.admit(parts, this.#rulesOf(context));
    if (admission.kind === "refused") throw new SessionRefused(admission.problem);
    request.session = admission.session;
    return true;
  }

  #rulesOf(context: ExecutionContext): RouteOptions {
    const [handler, controller] = [context.getHandler(), context.getClass()];
    const byClass = this.#rules.get(handler) ?? new WeakMap<object, RouteOptions>();
    const known = byClass.get(controller);
    if (known !== undefined) return known;
    const [own, general] = this.#reflector.getAll<(RouteOptions | undefined)[]>(RULES, [
      handler,
      controller,
    ]);
    const rules = { ...general, ...own };
    this.#rules.set(handler, byClass.set(controller, rules));
    return rules;
  }
}
Inject(SessionDecision)(SessionGuard, undefined, 0);
Inject(Reflector)(SessionGuard, undefined, 1);

/** Sends the problem unchanged. Nest's own filter would drop its headers. */
export class SessionProblemFilter implements ExceptionFilter<SessionRefused> {
  catch(refused: SessionRefused, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<{ hijack?: () => void }>();
    // Tells Fastify that this code sends the response.
    response.hijack?.();
    sendProblem(nodePart(response) as ServerResponse, refused.problem);
  }
}
Catch(SessionRefused)(SessionProblemFilter);

export interface SessionModuleOptions extends SessionOptions {
  /** Whether the guard applies to every route. Default true. */
  readonly everyRoute?: boolean;
}

const moduleSchema = optionObject<SessionModuleOptions>({
  ...sessionShape,
  everyRoute: z.optional(z.boolean()),
});

// oxlint-disable-next-line typescript/no-extraneous-class -- a dynamic module of Nest is a class
export class SessionModule {
  /** @throws {BridgeError} CONFIG_INVALID, naming the option */
  static forRoot(given: SessionModuleOptions): DynamicModule {
    const { everyRoute = true, ...options } = parseOptions(moduleSchema, given, MODULE);
    return {
      module: SessionModule,
      global: true,
      providers: [
        { provide: SessionDecision, useFactory: () => new SessionDecision(options) },
        ...(everyRoute ? [{ provide: APP_GUARD, useClass: SessionGuard }] : []),
        { provide: APP_FILTER, useClass: SessionProblemFilter },
      ],
      exports: [SessionDecision],
    };
  }
}
Module({})(SessionModule);

/** Fastify wraps Node's objects and offers them as `raw`. Express extends them. */
function nodePart(wrapped: object): unknown {
  return "raw" in wrapped ? wrapped.raw : wrapped;
}
