/** Sessions for NestJS 12 and 11, on Express or Fastify: a module, its guard, and decorators. */
import "./express-request.ts";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ProblemResponse } from "@breezeway/shared";
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
import { sendProblem } from "../guard/node-response.ts";
import { partsOfNodeRequest } from "../guard/request-parts.ts";
import { createSessionGuard, type SessionGuard as Guard } from "../guard/session-guard.ts";
import type { RouteOptions, SessionOptions } from "../guard/session-options.ts";
import type { VerifiedSession } from "../verifier/verified-session.ts";

export * from "../guard/public.ts";

const RULES = "breezeway:session-rules";

/** Demands of a controller or of one of its methods; the method's win. */
export const SessionRules = (route: RouteOptions): CustomDecorator => SetMetadata(RULES, route);

/** The session as a parameter of a handler; `undefined` where it is optional and not there. */
export const Session: () => ParameterDecorator = createParamDecorator(
  (_: undefined, context: ExecutionContext): VerifiedSession | undefined =>
    context.switchToHttp().getRequest<HttpRequest>().session,
);

/** What the guard throws; `SessionProblemFilter` turns it into its response. */
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

/** The decision, made once per module: Nest makes guards of their class wherever they are used. */
class SessionDecision implements OnModuleDestroy {
  readonly guard: Guard;

  constructor(options: SessionOptions) {
    this.guard = createSessionGuard(options);
  }

  onModuleDestroy(): void {
    this.guard.close();
  }
}

/** Guard for all routes (`SessionModule` puts it there) or, with `@UseGuards`, for some. */
export class SessionGuard implements CanActivate {
  readonly #decision: SessionDecision;
  readonly #reflector: Reflector;

  constructor(decision: SessionDecision, reflector: Reflector) {
    this.#decision = decision;
    this.#reflector = reflector;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    // Sockets and messages have no request to read: nothing passes that cannot be judged.
    if (context.getType() !== "http") return false;
    const request = context.switchToHttp().getRequest<HttpRequest>();
    const targets = [context.getHandler(), context.getClass()];
    const rules = this.#reflector.getAll<(RouteOptions | undefined)[]>(RULES, targets);
    const admission = await this.#decision.guard.admit(
      partsOfNodeRequest(nodePart(request) as IncomingMessage),
      {
        ...rules[1],
        ...rules[0],
      },
    );
    if (admission.kind === "refused") throw new SessionRefused(admission.problem);
    request.session = admission.session;
    return true;
  }
}
Inject(SessionDecision)(SessionGuard, undefined, 0);
Inject(Reflector)(SessionGuard, undefined, 1);

/** Sends the problem as it is; Nest's own filter would drop its headers. */
export class SessionProblemFilter implements ExceptionFilter<SessionRefused> {
  catch(refused: SessionRefused, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<{ hijack?: () => void }>();
    // Fastify has to be told that somebody else answers.
    response.hijack?.();
    sendProblem(nodePart(response) as ServerResponse, refused.problem);
  }
}
Catch(SessionRefused)(SessionProblemFilter);

export interface SessionModuleOptions extends SessionOptions {
  /** Whether the guard stands before every route. Default true. */
  readonly everyRoute?: boolean;
}

// oxlint-disable-next-line typescript/no-extraneous-class -- a dynamic module of Nest is a class
export class SessionModule {
  /** @throws {BridgeError} CONFIG_INVALID, naming the option, when the application starts */
  static forRoot({ everyRoute = true, ...options }: SessionModuleOptions): DynamicModule {
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

/** Fastify wraps Node's objects and shows them as `raw`; Express extends them. */
function nodePart(wrapped: object): unknown {
  return "raw" in wrapped ? wrapped.raw : wrapped;
}
