import type {
  APIGatewayProxyEventV2,
  APIGatewayProxyStructuredResultV2,
  Context,
} from "aws-lambda";
import { verifySession, type SessionOptions } from "@breezeway/verify/lambda";

type Handler = (
  event: APIGatewayProxyEventV2,
  context: Context,
) => Promise<APIGatewayProxyStructuredResultV2>;

const json = (value: object): APIGatewayProxyStructuredResultV2 => ({
  statusCode: 200,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(value),
});

export function createHandlers(options: SessionOptions): { home: Handler; orders: Handler } {
  const session = verifySession(options);
  return {
    home: session.handler(async (_event, caller) => json({ user: caller?.userId ?? null }), {
      required: false,
    }),
    orders: session.handler(
      async (_event, caller) => json({ user: caller.userId, tenant: caller.tenantId }),
      { scopes: ["orders:read"] },
    ),
  };
}
