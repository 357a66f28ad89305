/** The gateway of the test host. It checks the token as a gateway does, then calls the test's handler. */
import { BridgeError, toProblem, type GuestSession } from "@breezeway/shared";
import { randomId } from "@breezeway/shared/channel";

/** The caller of a request, as its token says. */
export interface GatewayCaller {
  readonly session: GuestSession;
  readonly appId: string;
}

export type GatewayHandler = (
  request: Request,
  caller: GatewayCaller,
) => Response | PromiseLike<Response>;

/** A request that reached the gateway, with the status of its response. */
export interface GatewayRequest {
  readonly method: string;
  readonly url: string;
  readonly status: number;
}

export interface TestGatewayDeps {
  readonly appId: string;
  /** @throws {BridgeError} when the token is rejected */
  readonly check: (token: string, isProven: boolean) => GuestSession;
  readonly handler: GatewayHandler | undefined;
  readonly record: (request: GatewayRequest) => void;
}

/** Replaces the page's `fetch`. A BridgeError of the handler becomes the HTTP response. */
export function createTestGateway(deps: TestGatewayDeps): typeof fetch {
  const { appId, check, handler } = deps;

  const answer = async (request: Request): Promise<Response> => {
    const [scheme, token] = (request.headers.get("authorization") ?? "").split(" ");
    const isProven = scheme === "DPoP" && request.headers.has("dpop");
    if ((scheme !== "Bearer" && !isProven) || token === undefined) {
      throw new BridgeError("TOKEN_MISSING", "The request carries no session token.");
    }
    const caller = { session: check(token, isProven), appId };
    if (handler) return handler(request, caller);
    throw new BridgeError(
      "ROUTE_UNKNOWN",
      "createTestHost: gateway: is required to answer requests.",
    );
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
    deps.record({ method: request.method, url: request.url, status: response.status });
    return response;
  };
}
