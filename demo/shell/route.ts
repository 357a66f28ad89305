/** The shell's addresses. */

export type Route =
  | { readonly name: "customers"; readonly customerId: string | undefined }
  | { readonly name: "app"; readonly appId: string }
  | { readonly name: "unknown" };

export function parseRoute(pathname: string): Route {
  const [first, second, ...rest] = pathname.split("/").filter((part) => part !== "");
  if (rest.length > 0) return { name: "unknown" };
  if (first === undefined) return { name: "customers", customerId: undefined };
  if (first === "customers") return { name: "customers", customerId: decoded(second) };
  if (first === "apps" && second !== undefined)
    return { name: "app", appId: decoded(second) ?? "" };
  return { name: "unknown" };
}

export function pathOf(route: Exclude<Route, { name: "unknown" }>): string {
  if (route.name === "app") return `/apps/${encodeURIComponent(route.appId)}`;
  return route.customerId === undefined
    ? "/customers"
    : `/customers/${encodeURIComponent(route.customerId)}`;
}

function decoded(part: string | undefined): string | undefined {
  if (part === undefined) return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
