/** Converts between the shell's routes and URL paths. */

export type Route =
  | { readonly name: "customers"; readonly customerId: string | undefined }
  | {
      readonly name: "app";
      readonly appId: string;
      /** Path of the app's page. `undefined` means its start page. */
      readonly path: string | undefined;
    }
  | { readonly name: "unknown" };

export function parseRoute(pathname: string): Route {
  const app = /^\/apps\/([^/]+)(\/.+)?$/.exec(pathname);
  if (app) return { name: "app", appId: decoded(app[1]) ?? "", path: app[2] };
  const [first, second, ...rest] = pathname.split("/").filter((part) => part !== "");
  if (rest.length > 0) return { name: "unknown" };
  if (first === undefined) return { name: "customers", customerId: undefined };
  if (first === "customers") return { name: "customers", customerId: decoded(second) };
  return { name: "unknown" };
}

export function pathOf(route: Exclude<Route, { name: "unknown" }>): string {
  if (route.name === "app") {
    const own = route.path === "/" ? undefined : route.path;
    return `/apps/${encodeURIComponent(route.appId)}${own ?? ""}`;
  }
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
