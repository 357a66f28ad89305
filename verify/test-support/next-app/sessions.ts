/** One Next process for all variants of the conformance table: the first part of a path names one. */
import type { NextSessions } from "@breezeway/verify/next";
import { verifySession } from "@breezeway/verify/next";

const options = { issuer: process.env["BREEZEWAY_ISSUER"] ?? "", audience: "orders" };

const sessions: Readonly<Record<string, NextSessions>> = {
  plain: verifySession(options),
  claims: verifySession({ ...options, claims: { org_role: (role) => role === "admin" } }),
  revocation: verifySession({ ...options, checkRevocation: true }),
  proofs: verifySession({ ...options, proof: { publicUrls: "https://api.example" } }),
  unreachable: verifySession({ ...options, issuer: process.env["UNREACHABLE_ISSUER"] ?? "" }),
};

export function sessionsOf(variant: unknown): NextSessions {
  const found = sessions[String(variant)];
  if (!found) throw new Error("The path names no variant.");
  return found;
}
