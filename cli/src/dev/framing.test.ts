import { expect, it } from "vitest";
import { framingRefusal } from "./framing.ts";

const ORIGINS = { hostOrigin: "http://localhost:4600", guestOrigin: "http://127.0.0.1:5173" };

function refusalOf(headers: Record<string, string>): string | undefined {
  return framingRefusal({ headers: new Headers(headers), ...ORIGINS });
}

const csp = (policy: string) => ({ "content-security-policy": policy });

it.each([
  [{}],
  [csp("default-src 'self'")],
  [csp("frame-ancestors *")],
  [csp("frame-ancestors http:")],
  [csp("frame-ancestors http://localhost:4600")],
  [csp("Frame-Ancestors 'self' HTTP://LOCALHOST:4600/")],
  [csp("frame-ancestors https://shell.example http://localhost:*")],
  [csp("frame-ancestors localhost:4600")],
  [{ ...csp("frame-ancestors http://localhost:4600"), "x-frame-options": "DENY" }],
  [{ "x-frame-options": "ALLOWALL" }],
])("lets the host frame a page with %j", (headers) => {
  expect(refusalOf(headers)).toBeUndefined();
});

it.each([
  [csp("frame-ancestors 'none'"), "'none'"],
  [csp("frame-ancestors 'self'"), "'self'"],
  [csp("frame-ancestors"), "frame-ancestors"],
  [csp("frame-ancestors https:"), "https:"],
  [csp("frame-ancestors http://localhost"), "http://localhost"],
  [csp("frame-ancestors http://localhost:4601"), ":4601"],
  [csp("frame-ancestors http://*.localhost:4600"), "*.localhost"],
  [csp("frame-ancestors *, frame-ancestors 'self'"), "'self'"],
  [{ "x-frame-options": "deny" }, "X-Frame-Options: deny"],
  [{ "x-frame-options": "SAMEORIGIN" }, "SAMEORIGIN"],
])("names the header that forbids framing for a page with %j", (headers, named) => {
  expect(refusalOf(headers)).toContain(named);
});
