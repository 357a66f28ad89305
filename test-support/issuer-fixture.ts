/** The apps and users of the issuers that tests start. */

/** The `iss` of the issuers' tokens, wherever they listen. */
export const ISSUER_URL = "http://localhost:4000/auth";

export const MANIFESTS = [
  {
    id: "orders",
    name: "Orders",
    version: "1.0.0",
    url: "http://127.0.0.1:4010/",
    scopes: ["orders:read", "orders:write"],
  },
  { id: "inspector", name: "Inspector", version: "1.0.0", url: "http://127.0.0.1:4012/" },
];

export const USERS = [
  {
    id: "alice",
    name: "Alice",
    tenants: {
      acme: { scopes: ["orders:read", "orders:write"] },
      globex: { scopes: ["orders:read"] },
    },
  },
  { id: "bob", name: "Bob", tenants: { acme: { scopes: ["orders:read"] } } },
];
