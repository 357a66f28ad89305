import { sessionsOf } from "./sessions.ts";

export function proxy(request: Request): Promise<Response | undefined> {
  const [, , variant, rest] = new URL(request.url).pathname.split("/");
  const route = rest === "orders" ? { scopes: ["orders:read"] } : { required: false };
  return sessionsOf(variant).proxy(route)(request);
}

export const config = { matcher: "/proxied/:path*" };
