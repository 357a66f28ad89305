/** The gateway of the test host: it checks the token as a gateway does, then asks the test. */
import { BridgeError, toProblem, type GuestSession } from "@breezeway/shared";
import { randomId } from "@breezeway/shared/channel";

/** Who makes a request, by its token. */
export interface GatewayCaller {
  readonly session: GuestSession;
  readonly appId: string;
}

export type GatewayHandler = (
  request: Request,
  caller: GatewayCaller,
) => Response | PromiseLike<Response>;

/** A request that reached the gateway, and what it answered. */
export interface GatewayRequest {
  readonly method: string;
  readonly url: string;
  readonly status: number;
}

export interface TestGatewayOptions {
  readonly appId: string;
  /** @throws {BridgeError} why the token is refused */
  readonly check: (token: string, isProven: boolean) => GuestSession;
  readonly handler: GatewayHandler | undefined;
  readonly record: (request: GatewayRequest) => void;
}

/** Takes the place of the page's `fetch`. A BridgeError of the handler becomes its HTTP answer. */
export function createTestGateway(options: TestGatewayOptions): typeof fetch {
  const { appId, check, handler } = options;

  const answer = async (request: Request): Promise<Response> => {
    const [scheme, token] = (request.headers.get("authorization") ?? "").split(" ");
    const isProven = scheme === "DPoP" && request.headers.has("dpop");
    if ((scheme !== "Bearer" && !isProven) || token === undefined) {
      throw new BridgeError("TOKEN_MISSING", "The request carries no session token.");
    }
    const caller = { session: check(token, isProven), appId };
    if (handler) return handler(request, caller);
    throw new BridgeError("ROUTE_UNKNOWN", "The test host was given no gateway.");
  };

  return async (input, init) => {
    const request = new Request(input, init);
    request.signal.throwIfAborted();
    let response: Response;
    try {
      response = await answer(request);
    } catch (error) {
      const { status, headers, body } = toProblem(error, { requestId: randomId() });
      response = new Response(body, { status, headers });
    }
    options.record({ method: request.method, url: request.url, status: response.status });
    return response;
  };
}
