/** The requests of the orders app to the demo's service. */
import { customerListSchema, type CustomerList } from "../../domain/customers.ts";
import {
  orderListSchema,
  orderSchema,
  productListSchema,
  type NewOrder,
  type Order,
  type OrderList,
  type OrderStatus,
  type ProductList,
} from "../../domain/orders.ts";
import { callGateway, download, type Answer } from "../call-gateway.ts";
import type { PlatformBridge } from "../guest-app.ts";

export interface OrderFilter {
  readonly status: OrderStatus | undefined;
  readonly search: string;
  readonly limit: number;
}

export interface OrdersApi {
  list(filter: OrderFilter, signal: AbortSignal): Promise<Answer<OrderList>>;
  get(id: string): Promise<Answer<Order>>;
  create(order: NewOrder): Promise<Answer<Order>>;
  changeStatus(id: string, status: OrderStatus): Promise<Answer<Order>>;
  products(): Promise<Answer<ProductList>>;
  customers(): Promise<Answer<CustomerList>>;
  /** All orders of the workspace as a CSV file. */
  export(): Promise<Answer<Blob>>;
}

export function createOrdersApi(bridge: Pick<PlatformBridge, "fetch">): OrdersApi {
  const one = (id: string): string => `/orders/${encodeURIComponent(id)}`;
  return {
    list({ status, search, limit }, signal) {
      const query = new URLSearchParams({ limit: String(limit) });
      if (status !== undefined) query.set("status", status);
      if (search !== "") query.set("search", search);
      return callGateway(bridge, { path: `/orders?${query}`, schema: orderListSchema, signal });
    },
    get: (id) => callGateway(bridge, { path: one(id), schema: orderSchema }),
    create: (order) =>
      callGateway(bridge, { path: "/orders", method: "POST", body: order, schema: orderSchema }),
    changeStatus: (id, status) =>
      callGateway(bridge, {
        path: one(id),
        method: "PATCH",
        body: { status },
        schema: orderSchema,
      }),
    products: () => callGateway(bridge, { path: "/products", schema: productListSchema }),
    customers: () => callGateway(bridge, { path: "/customers", schema: customerListSchema }),
    export: () => download(bridge, "/orders/export"),
  };
}
