/**
 * The demo's business service. The gateway checks tokens and CORS, and its identity headers name the
 * caller. This service refuses requests without those headers.
 */
import { requireIdentity, type Identity } from "@breezeway/gateway/upstream";
import { BridgeError, toProblem } from "@breezeway/shared";
import { parseJsonWith } from "@breezeway/shared/schemas";
import { Hono } from "hono";
import type { DatabaseSync } from "node:sqlite";
import {
  newOrderSchema,
  orderChangeSchema,
  ORDER_STATUSES,
  type OrderStatus,
} from "../domain/orders.ts";
import { createCustomerStore } from "./customer-store.ts";
import { toCsv } from "./orders-csv.ts";
import { createOrderStore, type OrderStore } from "./order-store.ts";

const MAX_BODY_BYTES = 64 * 1024;
const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;
const MAX_EXPORTED = 100_000;

export interface UpstreamOptions {
  readonly database: DatabaseSync;
  /** Epoch milliseconds. Default: the system clock. */
  readonly now?: () => number;
}

export interface Upstream {
  fetch(request: Request): Promise<Response>;
}

interface Env {
  Variables: { identity: Identity };
}

export function createUpstream({ database, now = Date.now }: UpstreamOptions): Upstream {
  const app = new Hono<Env>();
  const storeOptions = (tenantId: string) => ({ database, tenantId, now });
  const orders = (identity: Identity): OrderStore =>
    createOrderStore(storeOptions(identity.tenantId));

  app.use(async (context, next) => {
    context.set("identity", requireIdentity(context.req.raw.headers));
    await next();
  });

  app.get("/orders", (context) => {
    const { status, customer, search } = context.req.query();
    return context.json(
      orders(context.get("identity")).list({
        status: status === undefined ? undefined : statusFrom(status),
        customerId: customer,
        search: search === "" ? undefined : search?.slice(0, 100),
        limit: integer(context.req.query("limit"), {
          name: "limit",
          initial: DEFAULT_LIMIT,
          max: MAX_LIMIT,
        }),
        offset: integer(context.req.query("offset"), { name: "offset", initial: 0, max: 100_000 }),
      }),
    );
  });

  app.post("/orders", async (context) => {
    const identity = context.get("identity");
    const order = await body(context.req.raw, newOrderSchema);
    const result = orders(identity).create(order, identity.userId);
    if (!result.ok) {
      const field = result.why === "customer-unknown" ? "customerId" : "lines";
      throw new BridgeError(
        "REQUEST_MALFORMED",
        `request body: ${field}: is not known in this tenant.`,
      );
    }
    return context.json(result.order, 201, { location: `/orders/${result.order.id}` });
  });

  app.get("/orders/export", (context) => {
    const { tenantId } = context.get("identity");
    const all = createOrderStore(storeOptions(tenantId)).list({ limit: MAX_EXPORTED, offset: 0 });
    return context.body(toCsv(all.orders), 200, { "content-type": "text/csv; charset=utf-8" });
  });

  app.get("/orders/:id", (context) => {
    const order = orders(context.get("identity")).get(context.req.param("id"));
    return order === undefined ? refusal(404, "order-unknown") : context.json(order);
  });

  app.patch("/orders/:id", async (context) => {
    const { status } = await body(context.req.raw, orderChangeSchema);
    const result = orders(context.get("identity")).changeStatus(context.req.param("id"), status);
    if (result.ok) return context.json(result.order);
    return refusal(result.why === "order-unknown" ? 404 : 409, result.why);
  });

  app.get("/products", (context) => context.json(orders(context.get("identity")).products()));

  app.get("/customers", (context) =>
    context.json(createCustomerStore(storeOptions(context.get("identity").tenantId)).list()),
  );

  app.get("/customers/:id", (context) => {
    const customers = createCustomerStore(storeOptions(context.get("identity").tenantId));
    const insights = customers.insights(context.req.param("id"));
    return insights === undefined ? refusal(404, "customer-unknown") : context.json(insights);
  });

  // A request that bypassed the gateway has no identity here, although the type says otherwise.
  app.notFound((context) =>
    problem(
      new BridgeError("ROUTE_UNKNOWN", "The service has no route at this path."),
      context.get("identity"),
    ),
  );
  app.onError((error, context) => problem(error, context.get("identity")));
  return { fetch: async (request) => await app.fetch(request) };
}

/** A problem+json response with a reason of this service. The gateway forwards it unchanged. */
function refusal(status: 404 | 409, reason: string): Response {
  const titles: Readonly<Record<string, string>> = {
    "order-unknown": "This order does not exist in the tenant.",
    "customer-unknown": "This customer does not exist in the tenant.",
    "status-refused": "The order's current status does not allow this change.",
  };
  const type = `https://breezeway.dev/demo/errors#${reason}`;
  return new Response(JSON.stringify({ type, title: titles[reason], status, reason }), {
    status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store" },
  });
}

/** Carries the gateway's request id, so that one id finds the request in both logs. */
function problem(error: unknown, identity: Identity | undefined): Response {
  const requestId = identity?.requestId ?? crypto.randomUUID();
  const { status, headers, body: text } = toProblem(error, { requestId });
  return new Response(text, { status, headers });
}

async function body<S extends Parameters<typeof parseJsonWith>[0]>(
  request: Request,
  schema: S,
): Promise<ReturnType<typeof parseJsonWith<S>>> {
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const text = await request.text();
  if (text.length > MAX_BODY_BYTES) throw tooLarge();
  return parseJsonWith(schema, text, { code: "REQUEST_MALFORMED", source: "request body" });
}

function tooLarge(): BridgeError {
  return new BridgeError(
    "BODY_TOO_LARGE",
    `request body: must have at most ${MAX_BODY_BYTES} bytes.`,
  );
}

function statusFrom(text: string): OrderStatus {
  const status = ORDER_STATUSES.find((known) => known === text);
  if (status === undefined) throw malformed("status", `must be ${ORDER_STATUSES.join(" or ")}`);
  return status;
}

function integer(
  text: string | undefined,
  { name, initial, max }: { name: string; initial: number; max: number },
): number {
  if (text === undefined) return initial;
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= max)) throw malformed(name, `must be a whole number up to ${max}`);
  return value;
}

function malformed(name: string, expected: string): BridgeError {
  return new BridgeError("REQUEST_MALFORMED", `query parameter ${name}: ${expected}.`);
}
