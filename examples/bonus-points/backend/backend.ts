/** The backend of the app: points of customers, apart for each tenant. A real one has a database. */
import express, { type Express, type Request } from "express";
import type { Caller, Verify } from "./verify.ts";

interface Customer {
  readonly id: string;
  readonly name: string;
  readonly city: string;
  points: number;
}

interface Tenant {
  pointsPerEuro: number | null;
  readonly customers: ReadonlyMap<string, Customer>;
}

export function createBackend(verify: Verify): Express {
  const app = express();
  const tenants = new Map<string, Tenant>();
  const callers = new WeakMap<Request, Caller>();

  const tenantOf = (request: Request): Tenant => {
    const { tenantId = "" } = callers.get(request) ?? {};
    const tenant = tenants.get(tenantId) ?? newTenant();
    tenants.set(tenantId, tenant);
    return tenant;
  };

  app.use("/api", express.json(), (request, response, next) => {
    const [, token = ""] = /^Bearer (.+)$/u.exec(request.headers.authorization ?? "") ?? [];
    verify(token).then(
      (caller) => {
        callers.set(request, caller);
        next();
      },
      () => response.status(401).json({ error: "The session token is not valid." }),
    );
  });

  app.get("/api/tenant", (request, response) => {
    const { pointsPerEuro } = tenantOf(request);
    response.json({ ...callers.get(request), pointsPerEuro });
  });

  app.post("/api/connect-tenant", (request, response) => {
    const { pointsPerEuro } = request.body as { pointsPerEuro?: unknown };
    if (pointsPerEuro !== 1 && pointsPerEuro !== 2) {
      response.status(400).json({ error: "pointsPerEuro: must be 1 or 2." });
      return;
    }
    tenantOf(request).pointsPerEuro = pointsPerEuro;
    response.json({ ...callers.get(request), pointsPerEuro });
  });

  app.get("/api/customers", (request, response) => {
    response.json([...tenantOf(request).customers.values()].slice(0, 8));
  });

  app.get("/api/customers/:id", (request, response) => {
    const customer = tenantOf(request).customers.get(request.params.id);
    if (customer) response.json(customer);
    else response.status(404).json({ error: "There is no such customer." });
  });

  app.post("/api/customers/:id/points", (request, response) => {
    const customer = tenantOf(request).customers.get(request.params.id);
    const { points } = request.body as { points?: unknown };
    if (!customer || !Number.isSafeInteger(points)) {
      response.status(400).json({ error: "points: must be a whole number, for a known customer." });
      return;
    }
    customer.points += points as number;
    response.json(customer);
  });

  return app;
}

const FIRST_NAMES = ["Ada", "Grace", "Mary", "Katherine", "Hedy", "Edith", "Radia"];
const LAST_NAMES = [
  "Lindqvist",
  "Okafor",
  "Marchetti",
  "Nowak",
  "Haddad",
  "Tanaka",
  "Silva",
  "Berg",
];
const CITIES = ["Lisbon", "Malmö", "Turin", "Kraków", "Ghent"];

/** Customers `c-1001` to `c-1060`, the same for each tenant. */
function newTenant(): Tenant {
  const customers = Array.from({ length: 60 }, (_, index): Customer => {
    const of = (list: readonly string[]): string => list[index % list.length] ?? "";
    return {
      id: `c-${1001 + index}`,
      name: `${of(FIRST_NAMES)} ${of(LAST_NAMES)}`,
      city: of(CITIES),
      points: ((index * 977) % 4_800) + 120,
    };
  });
  return { pointsPerEuro: null, customers: new Map(customers.map((entry) => [entry.id, entry])) };
}
