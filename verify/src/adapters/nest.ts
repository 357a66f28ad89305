/** Sessions for NestJS 12 and 11, on Express or Fastify: a module, its guard, and decorators. */
import "./express-request.ts";
import type { IncomingMessage, ServerResponse } from "node:http";
import { isRecord, type ProblemResponse } from "@breezeway/shared";
import {
  functionOption,
  optionObject,
  parseOptions,
  type OptionShape,
} from "@breezeway/shared/schemas";
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
  type FactoryProvider,
  type ModuleMetadata,
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
import {
  graphqlCode,
  keepSession,
  nodePart,
  requestIn,
  sessionIn,
  unknownRequest,
  type RequestGetter,
} from "./nest-context.ts";

export * from "../guard/public.ts";

const RULES = "breezeway:session-rules";

/**
 * Options of a controller or of one of its methods. Those of the method take precedence.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 */
export const SessionRules = (route: RouteOptions): CustomDecorator =>
  SetMetadata(RULES, parseRouteOptions(route, "SessionRules"));

/** The session as a parameter of a handler or resolver. `undefined` when it is optional and absent. */
export const Session: () => ParameterDecorator = createParamDecorator(
  (_: undefined, context: ExecutionContext): VerifiedSession | undefined => sessionIn(context),
);

/**
 * Thrown by the guard. `SessionProblemFilter` turns it into the response. GraphQL reports `extensions`
 * beside the message.
 */
export class SessionRefused extends HttpException {
  readonly problem: ProblemResponse;
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(problem: ProblemResponse) {
    super({ ...problem.problem }, problem.status);
    this.problem = problem;
    const { title, ...members } = problem.problem;
    this.message = title;
    this.extensions = { code: graphqlCode(problem.status), ...members };
  }
}

/** One per module. Nest creates an instance of `SessionGuard` wherever the class is used. */
class SessionDecision implements OnModuleDestroy {
  readonly guard: Guard;
  readonly getRequest: RequestGetter;

  constructor({ getRequest = requestIn, ...options }: NestSessionOptions, source: string) {
    this.guard = openSessionGuard(options, source);
    this.getRequest = getRequest;
  }

  onModuleDestroy(): void {
    this.guard.close();
  }
}

/** Guards all routes and resolvers (`SessionModule` registers it) or, with `@UseGuards`, some of them. */
export class SessionGuard implements CanActivate {
  readonly #decision: SessionDecision;
  readonly #reflector: Reflector;
  /** Handler → class → merged options. The same object on each request: the guard parses it once. */
  readonly #rules = new WeakMap<object, WeakMap<object, RouteOptions>>();

  constructor(decision: SessionDecision, reflector: Reflector) {
    this.#decision = decision;
    this.#reflector = reflector;
  }

  /** @throws {BridgeError} CONFIG_INVALID, in a context whose request it cannot find */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = this.#decision.getRequest(context);
    if (!isRecord(request)) throw unknownRequest(context);
    const parts = partsOfNodeRequest(nodePart(request) as IncomingMessage);
    const admission = await this.#decision.guard.admit(parts, this.#rulesOf(context));
    if (admission.kind === "refused") throw new SessionRefused(admission.problem);
    keepSession(context, request, admission.session);
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

/**
 * Sends the problem of an HTTP route unchanged, since Nest's own filter would drop its headers. A
 * resolver fails with the refusal. Other contexts need a filter of yours for `SessionRefused`.
 */
export class SessionProblemFilter implements ExceptionFilter<SessionRefused> {
  catch(refused: SessionRefused, host: ArgumentsHost): SessionRefused | undefined {
    const kind: string = host.getType();
    if (kind === "graphql") return refused;
    if (kind !== "http") return undefined;
    const response = host.switchToHttp().getResponse<{ hijack?: () => void }>();
    // Tells Fastify that this code sends the response.
    response.hijack?.();
    sendProblem(nodePart(response) as ServerResponse, refused.problem);
    return undefined;
  }
}
Catch(SessionRefused)(SessionProblemFilter);

/** Options of the guard in NestJS. */
export interface NestSessionOptions extends SessionOptions {
  /**
   * The request that carries the session token, for contexts in which the guard does not find it: an
   * object of Node's `headers` with lower-case names, and `method` and `url` if it has them. Default:
   * the request of an HTTP route, and `req` of the GraphQL context.
   */
  readonly getRequest?: RequestGetter;
}

interface Scope {
  /** Whether the guard applies to every route and resolver. Default true. */
  readonly everyRoute?: boolean;
}

export interface SessionModuleOptions extends NestSessionOptions, Scope {}

export interface SessionModuleAsyncOptions extends Scope {
  /** Modules whose providers are injected. */
  readonly imports?: ModuleMetadata["imports"];
  /** Providers that `useFactory` receives as arguments. */
  readonly inject?: FactoryProvider["inject"];
  readonly useFactory: (...injected: never[]) => NestSessionOptions | Promise<NestSessionOptions>;
}

const nestShape: OptionShape<NestSessionOptions> = {
  ...sessionShape,
  getRequest: z.optional(functionOption<RequestGetter>()),
};
const scopeShape: OptionShape<Scope> = { everyRoute: z.optional(z.boolean()) };
const nestSchema = optionObject<NestSessionOptions>(nestShape);
const moduleSchema = optionObject<SessionModuleOptions>({ ...nestShape, ...scopeShape });
const asyncSchema = optionObject<SessionModuleAsyncOptions>({
  ...scopeShape,
  imports: z.optional(z.custom<ModuleMetadata["imports"]>(Array.isArray, "must be a list")),
  inject: z.optional(z.custom<FactoryProvider["inject"]>(Array.isArray, "must be a list")),
  useFactory: functionOption<SessionModuleAsyncOptions["useFactory"]>(),
});

// oxlint-disable-next-line typescript/no-extraneous-class -- a dynamic module of Nest is a class
export class SessionModule {
  /** @throws {BridgeError} CONFIG_INVALID, naming the option */
  static forRoot(given: SessionModuleOptions): DynamicModule {
    const source = "SessionModule.forRoot";
    const { everyRoute, ...options } = parseOptions(moduleSchema, given, source);
    return moduleOf(everyRoute, { useFactory: () => new SessionDecision(options, source) });
  }

  /**
   * The same with options that a factory makes of injected providers, when the application starts.
   *
   * @throws {BridgeError} CONFIG_INVALID, naming the option. The start fails with the same error for the
   * result of the factory
   */
  static forRootAsync(options: SessionModuleAsyncOptions): DynamicModule {
    const source = "SessionModule.forRootAsync";
    const parsed = parseOptions(asyncSchema, options, source);
    const { everyRoute, imports = [], inject = [], useFactory } = parsed;
    return {
      imports,
      ...moduleOf(everyRoute, {
        inject,
        useFactory: async (...injected: unknown[]) => {
          // Nest passes the providers that `inject` names.
          const given = await useFactory(...(injected as never[]));
          const result = parseOptions(nestSchema, given, source);
          return new SessionDecision(result, source);
        },
      }),
    };
  }
}
Module({})(SessionModule);

function moduleOf(
  everyRoute = true,
  decision: Omit<FactoryProvider<SessionDecision>, "provide">,
): DynamicModule {
  return {
    module: SessionModule,
    global: true,
    providers: [
      { provide: SessionDecision, ...decision },
      ...(everyRoute ? [{ provide: APP_GUARD, useClass: SessionGuard }] : []),
      { provide: APP_FILTER, useClass: SessionProblemFilter },
    ],
    exports: [SessionDecision],
  };
}
