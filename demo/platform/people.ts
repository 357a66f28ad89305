/** The people of the demo. They sign in without a password, through the issuer's dev login. */

const EVERYTHING = ["orders:read", "orders:write", "orders:export", "customers:read"];
const READ_ONLY = ["orders:read", "customers:read"];

export interface Person {
  readonly id: string;
  readonly name: string;
  /** Job title. Only the shell's pages show it. */
  readonly title: string;
  readonly tenants: Readonly<Record<string, { readonly scopes: readonly string[] }>>;
  /** Decides what apps may do in these tenants. */
  readonly isAdministrator?: boolean;
}

export const PEOPLE: readonly Person[] = [
  {
    id: "alice",
    name: "Alice Moreau",
    title: "Head of sales",
    isAdministrator: true,
    tenants: { acme: { scopes: EVERYTHING }, globex: { scopes: EVERYTHING } },
  },
  {
    id: "bob",
    name: "Bob Tanaka",
    title: "Order desk",
    tenants: { acme: { scopes: EVERYTHING } },
  },
  {
    id: "carol",
    name: "Carol Brandt",
    title: "Key accounts",
    tenants: { globex: { scopes: EVERYTHING } },
  },
  {
    id: "dana",
    name: "Dana Reyes",
    title: "Auditor, read only",
    tenants: { acme: { scopes: READ_ONLY } },
  },
];

export const TENANT_NAMES: Readonly<Record<string, string>> = {
  acme: "Acme Outfitters",
  globex: "Globex Industrial",
};
