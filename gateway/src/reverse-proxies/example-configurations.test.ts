/**
 * Configurations for reverse proxies that Debian does not package. The tests compare the configurations with
 * the behaviour of the gateway. They do not show that the reverse proxies follow their configuration.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import * as z from "zod/mini";
import { findProgram } from "@breezeway/test-support/processes";
import { temporaryFolder } from "@breezeway/test-support/temporary-folder";
import { IDENTITY_HEADERS } from "../request/identity-headers.ts";
import { headerKind } from "../request/header-kinds.ts";
import { withSecondGateway } from "../../test-support/reverse-proxies.ts";
import { CUSTOM, HARMLESS as COMMON, SPOOFED } from "../../test-support/reverse-proxy-attacks.ts";

const EXAMPLES = fileURLToPath(new URL("../../../examples/reverse-proxies/", import.meta.url));
const IDENTITY = Object.values(IDENTITY_HEADERS);
/** Headers by which frameworks override method and path. */
const REROUTING = [
  "x-original-url",
  "x-original-uri",
  "x-original-method",
  "x-rewrite-url",
  "x-http-method",
  "x-http-method-override",
  "x-method-override",
  "forwarded",
  "proxy",
];
const CREDENTIALS = ["authorization", "dpop", "cookie"];
const HARMLESS = [...COMMON, ...CUSTOM].map((name) => name.toLowerCase());

/** Every spelling that CGI and WSGI map to an identity header. */
const spellings = IDENTITY.flatMap((name) =>
  ["_", "."].flatMap((mark) => [name.replaceAll("-", mark), name.replace("-", mark)]),
);
const spoofedNames = SPOOFED.map((line) => line.split(":")[0]?.toLowerCase() ?? "").filter(
  (name) => !CREDENTIALS.includes(name),
);

const manager = z.looseObject({
  use_remote_address: z.literal(true),
  normalize_path: z.literal(true),
  merge_slashes: z.literal(true),
  path_with_escaped_slashes_action: z.literal("REJECT_REQUEST"),
  common_http_protocol_options: z.looseObject({
    headers_with_underscores_action: z.literal("REJECT_REQUEST"),
  }),
  route_config: z.looseObject({
    virtual_hosts: z.tuple([
      z.looseObject({
        request_headers_to_remove: z.array(z.string()),
        routes: z.array(z.looseObject({ route: z.object({ cluster: z.string() }) })),
      }),
    ]),
  }),
  http_filters: z.array(z.looseObject({ name: z.string(), typed_config: z.unknown() })),
});
const envoy = z.object({
  static_resources: z.looseObject({
    listeners: z.tuple([
      z.looseObject({
        filter_chains: z.tuple([
          z.object({ filters: z.tuple([z.looseObject({ typed_config: manager })]) }),
        ]),
      }),
    ]),
  }),
});

type Manager = z.infer<typeof manager>;

function readEnvoy(file: string): Manager {
  const { static_resources } = z.parse(envoy, parse(readFileSync(EXAMPLES + file, "utf8")));
  return static_resources.listeners[0].filter_chains[0].filters[0].typed_config;
}

function filterOf<T extends z.ZodMiniType>(
  { http_filters }: Manager,
  name: string,
  schema: T,
): z.infer<T> {
  const filter = http_filters.find((each) => each.name === `envoy.filters.http.${name}`);
  return z.parse(schema, filter?.typed_config);
}

const lua = z.looseObject({ default_source_code: z.object({ inline_string: z.string() }) });

const haproxy = findProgram("haproxy");

/** The headers that the filter keeps, run in HAProxy's Lua. */
function passing(source: string, names: readonly string[]): string[] {
  using folder = temporaryFolder();
  const script = join(folder.path, "guard.lua");
  const config = join(folder.path, "haproxy.cfg");
  const table = names.map((name) => `[${JSON.stringify(name)}] = "mallory"`).join(", ");
  writeFileSync(
    script,
    `${source}
local headers = { ${table} }
local handle = {
  headers = function() return headers end,
}
setmetatable(headers, { __index = { remove = function(_, name) headers[name] = nil end } })
envoy_on_request(handle)
for name in pairs(headers) do io.stderr:write("passes:" .. name .. "\\n") end
`,
  );
  writeFileSync(config, `global\n  lua-load ${script}\n`);
  const output = execFileSync("sh", ["-c", `"${haproxy}" -c -f "${config}" 2>&1; true`], {
    encoding: "utf8",
  });
  return [...output.matchAll(/passes:(\S+)/g)].map(([, name]) => name ?? "").toSorted();
}

describe.each(["envoy.yaml", "envoy-jwt-authn.yaml"])("%s", (file) => {
  const config = readEnvoy(file);
  const [{ request_headers_to_remove: removed, routes }] = config.route_config.virtual_hosts;

  it("removes client-supplied identity headers before anything reads them", () => {
    const names = config.http_filters.map(({ name }) => name.replace("envoy.filters.http.", ""));
    expect(names[0]).toBe("lua");
    expect(names.at(-1)).toBe("router");
  });

  it.runIf(haproxy)("removes every spelling of an identity header, and no others", () => {
    const source = filterOf(config, "lua", lua).default_source_code.inline_string;
    const compared = file === "envoy.yaml" ? ["x-tenant-id"] : [];
    const bad = [...IDENTITY, ...spellings, ...spoofedNames, ...REROUTING];
    expect(passing(source, [...bad, ...HARMLESS])).toEqual([...HARMLESS, ...compared].toSorted());
  });

  it("forwards no credential to the service", () => {
    expect(removed).toEqual(expect.arrayContaining(CREDENTIALS));
  });

  it("sends preflights to the gateway, and everything else to the service", () => {
    expect(routes.map(({ route }) => route.cluster)).toEqual(["gateway", "orders"]);
  });
});

it("envoy.yaml copies every identity header from the gateway, and refuses requests without its decision", () => {
  const patterns = z.object({
    patterns: z.array(
      z.looseObject({ exact: z.optional(z.string()), prefix: z.optional(z.string()) }),
    ),
  });
  const schema = z.looseObject({
    failure_mode_allow: z.literal(false),
    allowed_headers: patterns,
    http_service: z.looseObject({
      path_prefix: z.literal("/authz"),
      authorization_response: z.looseObject({ allowed_upstream_headers: patterns }),
    }),
  });
  const { http_service, allowed_headers } = filterOf(readEnvoy("envoy.yaml"), "ext_authz", schema);
  const { allowed_upstream_headers } = http_service.authorization_response;
  const isTaken = (name: string): boolean =>
    allowed_upstream_headers.patterns.some(
      ({ exact, prefix }) => exact === name || (prefix !== undefined && name.startsWith(prefix)),
    );
  expect(IDENTITY.filter((name) => !isTaken(name))).toEqual([]);
  const asked = allowed_headers.patterns.map(({ exact }) => exact);
  expect(asked).toEqual(expect.arrayContaining(["authorization", "dpop", "origin", "x-tenant-id"]));
});

it("envoy-jwt-authn.yaml accepts tokens only in Authorization, with 5 s of clock skew", () => {
  const schema = z.looseObject({
    providers: z.object({
      // Exact comparison, since `from_params` and `from_cookies` would be further sources of tokens.
      breezeway: z.strictObject({
        issuer: z.string().check(z.minLength(1)),
        audiences: z.array(z.string()).check(z.minLength(1)),
        clock_skew_seconds: z.number().check(z.gte(1), z.lte(5)),
        require_expiration: z.literal(true),
        max_lifetime: z.literal("300s"),
        from_headers: z.tuple([
          z.object({ name: z.literal("Authorization"), value_prefix: z.literal("Bearer ") }),
        ]),
        payload_in_metadata: z.literal("claims"),
        remote_jwks: z.looseObject({ cache_duration: z.string() }),
        claim_to_headers: z.array(z.object({ header_name: z.string(), claim_name: z.string() })),
      }),
    }),
  });
  const { providers } = filterOf(readEnvoy("envoy-jwt-authn.yaml"), "jwt_authn", schema);
  const told = providers.breezeway.claim_to_headers.map(({ header_name }) => header_name);
  // Envoy sets its own x-request-id.
  expect(told.toSorted()).toEqual(
    IDENTITY.filter((name) => name !== IDENTITY_HEADERS.requestId).toSorted(),
  );
});

it("envoy-jwt-authn.yaml refuses tokens that are bound to a key", () => {
  const metadata = z.object({
    filter: z.literal("envoy.filters.http.jwt_authn"),
    path: z.tuple([
      z.object({ key: z.literal("claims") }),
      z.object({ key: z.literal("cnf") }),
      z.object({ key: z.literal("jkt") }),
    ]),
    value: z.object({ present_match: z.literal(true) }),
  });
  const bound = z.object({
    permissions: z.tuple([z.object({ any: z.literal(true) })]),
    principals: z.tuple([z.object({ metadata })]),
  });
  const rules = z.object({ action: z.literal("DENY"), policies: z.object({ bound }) });
  const config = readEnvoy("envoy-jwt-authn.yaml");
  expect(filterOf(config, "rbac", z.looseObject({ rules })).rules.action).toBe("DENY");
});

describe("traefik.yaml", () => {
  const schema = z.object({
    http: z.looseObject({
      routers: z.object({
        "orders-preflight": z.looseObject({ priority: z.number(), service: z.literal("gateway") }),
        orders: z.looseObject({ middlewares: z.array(z.string()), service: z.literal("orders") }),
      }),
      middlewares: z.object({
        breezeway: z.object({
          forwardAuth: z.object({
            address: z.string().check(z.endsWith("/authz")),
            trustForwardHeader: z.literal(false),
            authResponseHeaders: z.array(z.string()),
            authResponseHeadersRegex: z.string(),
          }),
        }),
        "strip-credentials": z.object({
          headers: z.object({ customRequestHeaders: z.record(z.string(), z.literal("")) }),
        }),
      }),
    }),
  });
  const { http } = z.parse(schema, parse(readFileSync(`${EXAMPLES}traefik.yaml`, "utf8")));
  const { breezeway, "strip-credentials": strip } = http.middlewares;

  it("asks the gateway first, then removes credentials", () => {
    expect(http.routers.orders.middlewares).toEqual(["breezeway", "strip-credentials"]);
    expect(http.routers["orders-preflight"].priority).toBeGreaterThan(0);
  });

  it("removes every spelling of an identity header, and no others", () => {
    const { authResponseHeadersRegex } = breezeway.forwardAuth;
    expect(authResponseHeadersRegex).toMatch(/^\(\?i\)/);
    const removes = new RegExp(authResponseHeadersRegex.replace("(?i)", ""), "i");
    const claimed = [...IDENTITY, ...spellings, ...spoofedNames, ...REROUTING];
    const own = ["for", "host", "port", "proto", "server"].map((name) => `x-forwarded-${name}`);
    expect(claimed.filter((name) => !removes.test(name) && !own.includes(name))).toEqual([]);
    expect([...HARMLESS, ...own].filter((name) => removes.test(name))).toEqual([]);
    for (const name of ["x-forwarded-forx", "x-forwarded-fo", "x-forwarded-", "x-forwarded-user"]) {
      expect(name).toMatch(removes);
    }
  });

  it("forwards no credential", () => {
    const names = Object.keys(strip.headers.customRequestHeaders).map((name) => name.toLowerCase());
    expect(names.toSorted()).toEqual(CREDENTIALS.toSorted());
  });
});

describe("with their second gateway", () => {
  const readWhole = (file: string): unknown =>
    parse(withSecondGateway(readFileSync(EXAMPLES + file, "utf8")));

  const socket = z.object({ address: z.literal("127.0.0.1"), port_value: z.number() });
  const cluster = z.looseObject({
    name: z.string(),
    health_checks: z.optional(
      z.tuple([
        z.looseObject({
          interval: z.literal("1s"),
          unhealthy_threshold: z.literal(2),
          http_health_check: z.object({ path: z.literal("/health/ready") }),
        }),
      ]),
    ),
    load_assignment: z.looseObject({
      endpoints: z.tuple([
        z.object({
          lb_endpoints: z.array(
            z.object({ endpoint: z.object({ address: z.object({ socket_address: socket }) }) }),
          ),
        }),
      ]),
    }),
  });
  const clusters = z.object({
    static_resources: z.looseObject({ clusters: z.array(z.looseObject({ name: z.string() })) }),
  });

  it.each(["envoy.yaml", "envoy-jwt-authn.yaml"])("%s checks the health of both", (file) => {
    const found = z
      .parse(clusters, readWhole(file))
      .static_resources.clusters.find(({ name }) => name === "gateway");
    const { health_checks: checks, load_assignment: load } = z.parse(cluster, found);
    expect(checks).toBeDefined();
    const [{ lb_endpoints: endpoints }] = load.endpoints;
    const ports = endpoints.map(({ endpoint }) => endpoint.address.socket_address.port_value);
    expect(ports).toEqual([4001, 4002]);
  });

  it("traefik.yaml checks the health of both, and distributes the questions", () => {
    const text = readFileSync(`${EXAMPLES}traefik.yaml`, "utf8");
    const schema = z.object({
      http: z.looseObject({
        routers: z.looseObject({
          questions: z.object({
            entryPoints: z.tuple([z.string()]),
            rule: z.literal("PathPrefix(`/authz`)"),
            service: z.literal("gateway"),
          }),
        }),
        services: z.looseObject({
          gateway: z.object({
            loadBalancer: z.object({
              servers: z.array(z.object({ url: z.string() })),
              healthCheck: z.looseObject({ path: z.literal("/health/ready") }),
            }),
          }),
        }),
      }),
    });
    // The file asks to remove the mark from every line that begins with one.
    const whole = text.replace(/^( +)#(?=\S)/gm, "$1");
    const { services } = z.parse(schema, parse(whole)).http;
    expect(services.gateway.loadBalancer.servers).toHaveLength(2);
  });
});

it("these configurations remove only what the gateway itself removes", () => {
  for (const name of [...IDENTITY, ...spellings, ...REROUTING, ...spoofedNames]) {
    expect(["drop", "proxy-claim", "tenant"], name).toContain(headerKind(name));
  }
  for (const name of HARMLESS) {
    expect(headerKind(name), name).toBe(name === "origin" ? "origin" : "forward");
  }
});
