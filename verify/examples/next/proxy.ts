import { session } from "./session.ts";

export const proxy = session.proxy();
export const config = { matcher: "/private/:path*" };
