import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDatabase } from "./database.ts";
import { createUpstream, type Upstream } from "./service.ts";

const NOW_MS = Date.UTC(2026, 5, 15);

let database: DatabaseSync;
let upstream: Upstream;

beforeEach(() => {
  database = openDatabase({ file: ":memory:", now: () => NOW_MS });
  upstream = createUpstream({ database, now: () => NOW_MS });
});

afterEach(() => database.close());

interface Call {
  readonly tenant?: string;
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(path: string, { tenant = "acme", method = "GET", body, headers }: Call = {}) {
  const identity = {
    "x-breezeway-user": "alice",
    "x-breezeway-tenant": tenant,
    "x-breezeway-app": "orders",
    "x-breezeway-session": "session-1",
    "x-breezeway-scope": "orders:read orders:write",
    "x-breezeway-request-id": "request-1",
    "x-tenant-id": tenant,
  };
  const response = await upstream.fetch(
    new Request(`http://upstream${path}`, {
      method,
      headers: headers ?? identity,
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    }),
  );
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const LINE = { productId: "p-11", quantity: 2 };

describe("the demo's service", () => {
  it.each(["/orders", "/orders/1001", "/products", "/customers", "/nowhere"])(
    "refuses %s without the gateway's identity headers",
    async (path) => {
      expect(await ask(path, { headers: {} })).toMatchObject({
        status: 401,
        body: { reason: "token-missing" },
      });
    },
  );

  it("puts the gateway's request id into problem responses", async () => {
    expect((await ask("/nowhere")).body["requestId"]).toBe("request-1");
    expect((await ask("/orders?limit=ten")).body["requestId"]).toBe("request-1");
  });

  it("refuses two tenant headers that differ", async () => {
    const headers = {
      "x-breezeway-user": "alice",
      "x-breezeway-tenant": "acme",
      "x-breezeway-app": "orders",
      "x-breezeway-session": "s",
      "x-breezeway-scope": "",
      "x-breezeway-request-id": "r",
      "x-tenant-id": "globex",
    };
    expect(await ask("/orders", { headers })).toMatchObject({ status: 400 });
  });

  it("gives each tenant its own rows under the same ids", async () => {
    const acme = await ask("/customers/c-101");
    const globex = await ask("/customers/c-101", { tenant: "globex" });
    expect(acme.body["customer"]).toMatchObject({ name: "Alpine & Co." });
    expect(globex.body["customer"]).toMatchObject({ name: "Adler Maschinenbau" });
    expect(await ask("/orders", { tenant: "nobody" })).toMatchObject({
      status: 200,
      body: { total: 0, orders: [] },
    });
  });

  it("creates an order with the catalogue's prices and the caller as its creator", async () => {
    const created = await ask("/orders", {
      method: "POST",
      body: { customerId: "c-101", note: "ring twice", lines: [LINE] },
    });
    expect(created).toMatchObject({
      status: 201,
      body: { status: "new", createdBy: "alice", totalMinor: 2 * 38_900, note: "ring twice" },
    });
    expect(await ask(`/orders/${String(created.body["id"])}`)).toMatchObject({
      body: created.body,
    });
  });

  it("accepts each next status of an order and refuses any other status", async () => {
    const { body } = await ask("/orders", {
      method: "POST",
      body: { customerId: "c-101", lines: [LINE] },
    });
    const path = `/orders/${String(body["id"])}`;
    const change = (status: string) => ask(path, { method: "PATCH", body: { status } });
    expect((await change("delivered")).status).toBe(409);
    expect((await change("confirmed")).status).toBe(200);
    expect((await change("shipped")).status).toBe(200);
    expect(await change("cancelled")).toMatchObject({
      status: 409,
      body: { reason: "status-refused" },
    });
  });

  it.each([
    [
      "an unknown customer",
      { customerId: "c-999", lines: [LINE] },
      "customerId: is not known in this tenant",
    ],
    [
      "an unknown product",
      { customerId: "c-101", lines: [{ ...LINE, productId: "p-0" }] },
      "lines:",
    ],
    ["no lines", { customerId: "c-101", lines: [] }, "lines: must be at least 1"],
    [
      "a fraction",
      { customerId: "c-101", lines: [{ ...LINE, quantity: 0.5 }] },
      "lines[0].quantity",
    ],
    ["a price", { customerId: "c-101", lines: [{ ...LINE, unitMinor: 1 }] }, "unknown field"],
    ["malformed JSON", "{", "this is not valid JSON"],
  ])("refuses an order with %s, naming the field", async (_case, body, detail) => {
    const answer = await ask("/orders", { method: "POST", body });
    expect(answer.status).toBe(400);
    expect(answer.body["detail"]).toContain(detail);
  });

  it("refuses a body of more than 64 KiB with 413", async () => {
    const body = JSON.stringify({ customerId: "c-101", note: "x".repeat(70_000), lines: [LINE] });
    expect((await ask("/orders", { method: "POST", body })).status).toBe(413);
  });

  it.each(["status=unknown", "limit=201", "limit=-1", "limit=ten", "offset=1e3"])(
    "refuses the query %s",
    async (query) => {
      expect(await ask(`/orders?${query}`)).toMatchObject({
        status: 400,
        body: { reason: "request-malformed" },
      });
    },
  );

  it("treats SQL wildcards and quotes in a search as plain text", async () => {
    expect((await ask("/orders?search=%25")).body["total"]).toBe(0);
    expect((await ask("/orders?search=_")).body["total"]).toBe(0);
    expect((await ask("/orders?search=alpine")).body["total"]).toBeGreaterThan(0);
    expect((await ask("/orders?search='%20OR%201=1")).body["total"]).toBe(0);
  });

  it("seeds every new database with the same orders", async () => {
    const second = openDatabase({ file: ":memory:", now: () => NOW_MS });
    const rows = (from: DatabaseSync) => from.prepare("SELECT * FROM orders").all();
    expect(rows(second)).toEqual(rows(database));
    second.close();
  });
});
