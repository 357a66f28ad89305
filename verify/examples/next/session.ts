import { verifySession, type NextSessions } from "@breezeway/verify/next";

export const session: NextSessions = verifySession({
  issuer: process.env["BREEZEWAY_ISSUER"] ?? "https://shell.example/auth",
  audience: "orders",
});
