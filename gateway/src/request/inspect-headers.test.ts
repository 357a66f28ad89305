import { describe, expect, it } from "vitest";
import { headerKind } from "./header-kinds.ts";
import { inspectHeaders } from "./inspect-headers.ts";

describe("headerKind", () => {
  it.each([
    "X-Breezeway-User",
    "x-breezeway-tenant",
    "X_Breezeway_User",
    "X-Breezeway_App",
    "X.Breezeway.User",
    "x-breezeway-anything-new",
    "X_Tenant_ID",
    "X-Tenant_ID",
    "Content_Length",
    "Transfer_Encoding",
    "Keep-Alive",
    "Forwarded",
    "X_Forwarded_For",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-HTTP-Method-Override",
    "X_HTTP_Method_Override",
    "Proxy",
  ])("drops %s", (name) => {
    expect(headerKind(name)).toBe("drop");
  });

  it.each([
    ...["X-Real-IP", "X-Forwarded-Prefix", "X_Forwarded_User", "X-Auth-Request-User"],
    ...["REMOTE_USER", "Ssl.Client-Cert", "X-WEBAUTH-USER", "x-user-id", "X-Envoy-Internal"],
  ])("classifies %s as a proxy claim", (name) => {
    expect(headerKind(name)).toBe("proxy-claim");
  });

  it.each(["X-User-Agent", "X-Client-Version", "X-Remotely", "X-Users", "Remote"])(
    "forwards %s, which only begins like one",
    (name) => {
      expect(headerKind(name)).toBe("forward");
    },
  );

  it.each(["Accept", "Content-Type", "traceparent", "X-Custom", "If-None-Match", "Constructor"])(
    "forwards %s",
    (name) => {
      expect(headerKind(name)).toBe("forward");
    },
  );
});

describe("inspectHeaders", () => {
  it("removes the fields that Connection names, in any case", () => {
    const { forward } = inspectHeaders([
      ...["Accept", "*/*", "X-Secret", "1", "x-other", "2"],
      ...["Connection", "keep-alive, X-SECRET", "Connection", "x-other"],
    ]);
    expect(forward).toEqual(["accept", "*/*"]);
  });

  it("ignores an Upgrade that Connection does not name", () => {
    expect(inspectHeaders(["Upgrade", "websocket"]).upgrade).toBeUndefined();
    expect(inspectHeaders(["Upgrade", "websocket", "Connection", "close"]).upgrade).toBeUndefined();
    expect(inspectHeaders(["Connection", "Upgrade", "Upgrade", "websocket"]).upgrade).toBe(
      "websocket",
    );
  });

  it.each([
    ["two lengths", ["Content-Length", "1", "Content-Length", "1"]],
    ["a length that is not a number", ["Content-Length", "+1"]],
    ["a length and an encoding", ["Content-Length", "1", "Transfer-Encoding", "chunked"]],
    ["two encodings", ["Transfer-Encoding", "chunked", "Transfer-Encoding", "chunked"]],
    ["another encoding", ["Transfer-Encoding", "gzip, chunked"]],
    ["two hosts", ["Host", "a", "Host", "b"]],
    ["two origins", ["Origin", "https://a", "Origin", "https://b"]],
    ["an unknown expectation", ["Expect", "payment"]],
  ])("refuses %s", (_name, headers) => {
    expect(() => inspectHeaders(headers)).toThrow(
      expect.objectContaining({ code: "REQUEST_MALFORMED" }),
    );
  });

  it.each([
    ...["", "a b", "a,b", "a\tb", "a/b", "a@b", "user:pw@a", "a?b", "a#b", "a\\b", 'a"b', "<a>"],
    ...["a:b", "a:1:2", ":80", "a:123456", "::1", "[::1", "[a b]", "[]", "[::1]a", "%zz", "é"],
  ])("refuses %j as Host", (host) => {
    expect(() => inspectHeaders(["Host", host])).toThrow(
      expect.objectContaining({ code: "REQUEST_MALFORMED" }),
    );
  });

  it.each([
    ...["gateway", "Shell.Example.", "shell.example:443", "a_b-c.example:", "10.0.0.1:80"],
    ...["[::1]", "[::ffff:10.0.0.1]:8080", "xn--bcher-kva.example", "b%C3%BCcher"],
  ])("accepts %j as Host", (host) => {
    expect(inspectHeaders(["Host", host]).host).toBe(host);
  });

  it("marks two credentials", () => {
    const twice = ["Authorization", "Bearer a", "authorization", "Bearer a"];
    expect(inspectHeaders(twice).duplicateCredentials).toBe(true);
    expect(inspectHeaders(["Proxy-Authorization", "Bearer a"]).duplicateCredentials).toBe(true);
  });

  it("refuses more than MAX_HEADER_FIELDS fields", () => {
    const many = Array.from({ length: 201 }, (_, index) => [`x-${index}`, "1"]).flat();
    expect(() => inspectHeaders(many)).toThrow(
      expect.objectContaining({ code: "HEADERS_TOO_LARGE" }),
    );
  });
});
