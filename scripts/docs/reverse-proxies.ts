/**
 * The parts of `examples/reverse-proxies` that follow from the gateway's rule about headers
 * (`gateway/src/request/proxy-claims.ts`), each between two marked comments. A test compares them.
 * `node scripts/docs/reverse-proxies.ts` writes them.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { NEVER_PASSED } from "../../gateway/src/request/header-kinds.ts";
import {
  HARMLESS_HEADERS,
  patternSource,
  PROXY_CLAIM_FAMILIES,
  PROXY_CLAIM_PATTERNS,
} from "../../gateway/src/request/proxy-claims.ts";
import { ROOT } from "../suite/root.ts";

const FOLDER = join(ROOT, "examples/reverse-proxies");
const MARK = "header rules of the gateway, written by scripts/docs/reverse-proxies.ts";
const MAX_LINE = 100;

/** Headers that one configuration removes at another point, because it reads or writes them itself. */
type Spared = readonly string[];

// Hop-by-hop headers are every proxy's own business.
const REROUTING = [...NEVER_PASSED].filter(
  (name) => !/^(?:keep-alive|proxy-.*|http2-settings)$/.test(name),
);
const REMOVED = [...new Set([...REROUTING, ...PROXY_CLAIM_PATTERNS])];
const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  "the gateway's own": REROUTING,
  ...PROXY_CLAIM_FAMILIES,
};

/**
 * nginx can only name headers, so its configuration names those that pass: what browsers, tracing and
 * common clients send.
 */
export const PASSED_BY_NGINX = [
  ...["Accept", "Accept-Encoding", "Accept-Language", "Baggage"],
  ...["Cache-Control", "Content-Digest", "Content-Disposition", "Content-Encoding"],
  ...["Content-Language", "Content-Type", "DNT", "Idempotency-Key", "If-Match"],
  ...["If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Last-Event-ID"],
  ...["Origin", "Pragma", "Prefer", "Priority", "Range", "Referer", "Save-Data"],
  ...["Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Fetch-User", "Sec-GPC"],
  ...["Traceparent", "Tracestate", "User-Agent", "X-API-Key", "X-Correlation-ID"],
  ...["X-CSRF-Token", "X-Request-ID", "X-Requested-With", "X-User-Agent", "X-XSRF-Token"],
];

function nginx(): string[] {
  return PASSED_BY_NGINX.map(
    (name) => `proxy_set_header ${name} $http_${name.toLowerCase().replaceAll("-", "_")};`,
  );
}

const CADDY_KEPT = ["x-tenant-id", ...HARMLESS_HEADERS];

/** Caddy's patterns have no exceptions, so the exceptions are set aside meanwhile. */
function caddy(): string[] {
  const aside = CADDY_KEPT.flatMap((name, index) => [
    `@kept${index} header ${name} *`,
    `request_header @kept${index} Breezeway-Kept-${index} {http.request.header.${name}}`,
  ]);
  const back = CADDY_KEPT.flatMap((name, index) => [
    `@back${index} header Breezeway-Kept-${index} *`,
    `request_header @back${index} ${name} {http.request.header.Breezeway-Kept-${index}}`,
  ]);
  return [
    ...aside,
    ...REMOVED.map((pattern) => `request_header -${pattern}`),
    ...back,
    "request_header -Breezeway-Kept-*",
  ];
}

function haproxy(): string[] {
  const variable = (name: string): string => `txn.${name.replaceAll("-", "_")}`;
  return [
    ...HARMLESS_HEADERS.map(
      (name) =>
        `http-request set-var(${variable(name)}) req.hdr(${name}) if { req.hdr(${name}) -m found }`,
    ),
    ...Object.values(FAMILIES).map(
      (patterns) => `http-request del-header ${patternSource(patterns).replace("?:", "")} -m reg`,
    ),
    ...HARMLESS_HEADERS.map(
      (name) =>
        `http-request set-header ${name} %[var(${variable(name)})] if { var(${variable(name)}) -m found }`,
    ),
  ];
}

const matching = (start: boolean, end: boolean): string[] =>
  REMOVED.filter((pattern) => pattern.startsWith("*") === start && pattern.endsWith("*") === end)
    .map((pattern) => pattern.replaceAll("*", ""))
    .toSorted();

function luaTable(name: string, words: readonly string[]): string[] {
  const lines = [`local ${name} = {`];
  let line = " ";
  for (const word of words) {
    const item = ` "${word}",`;
    if (line.length + item.length > MAX_LINE - 24) {
      lines.push(line);
      line = " ";
    }
    line += item;
  }
  return [...lines, line, "}"];
}

/** @param spared - Headers to keep, in exactly this spelling. */
function lua(spared: Spared): string[] {
  return [
    ...luaTable("names", matching(false, false)),
    ...luaTable("prefixes", ["x-breezeway-", ...matching(false, true)]),
    ...luaTable("suffixes", matching(true, false)),
    ...luaTable("parts", matching(true, true)),
    ...luaTable("spared", [...HARMLESS_HEADERS, ...spared]),
    'local is_removed, is_spared = { ["x-tenant-id"] = true }, {}',
    "for _, name in ipairs(names) do is_removed[name] = true end",
    "for _, name in ipairs(spared) do is_spared[name] = true end",
    "local function is_claim(name)",
    "  local lower = name:lower()",
    "  -- Envoy lists method and path among the headers.",
    '  if is_spared[lower] or lower:sub(1, 1) == ":" then return false end',
    '  local as_cgi_reads_it = lower:gsub("[^a-z0-9]", "-")',
    "  if is_removed[as_cgi_reads_it] then return true end",
    "  for _, prefix in ipairs(prefixes) do",
    "    if as_cgi_reads_it:sub(1, #prefix) == prefix then return true end",
    "  end",
    "  for _, suffix in ipairs(suffixes) do",
    "    if as_cgi_reads_it:sub(-#suffix) == suffix then return true end",
    "  end",
    "  for _, part in ipairs(parts) do",
    "    if as_cgi_reads_it:find(part, 1, true) then return true end",
    "  end",
    "  return false",
    "end",
  ];
}

// Traefik writes these before its middlewares run.
const TRAEFIK_WRITES = ["for", "host", "port", "proto", "server"];

/** Matches every text but these words: Go's regular expressions have no exceptions. */
function othersThan(words: readonly string[]): string {
  const byLetter = Map.groupBy(
    words.filter((word) => word !== ""),
    (word) => word.charAt(0),
  );
  const letters = [...byLetter.keys()].join("");
  const rest = [...byLetter].map(
    ([letter, same]) => letter + othersThan(same.map((word) => word.slice(1))),
  );
  const any = letters === "" ? ".+" : `[^${letters}].*`;
  return `(${[any, ...rest].join("|")})${words.includes("") ? "" : "?"}`;
}

function traefik(): string[] {
  const patterns = ["x-breezeway-*", "x-tenant-id", ...REMOVED].filter(
    (pattern) => pattern !== "x-forwarded-*",
  );
  const source = patternSource(patterns)
    .replace("?:", "")
    // More than the one letter of X-Forwarded.
    .replace("|.*-forwarded-.*|", `|.{2,}-forwarded-.*|x-forwarded-${othersThan(TRAEFIK_WRITES)}|`);
  return [`authResponseHeadersRegex: "(?i)${source.replaceAll("-", "[^a-z0-9]")}"`];
}

interface Part {
  readonly file: string;
  readonly comment: "#" | "--";
  readonly lines: () => string[];
}

const ENVOY_WRITES = ["x-forwarded-for", "x-forwarded-proto"];

const PARTS: readonly Part[] = [
  { file: "nginx.conf", comment: "#", lines: nginx },
  { file: "Caddyfile", comment: "#", lines: caddy },
  { file: "haproxy.cfg", comment: "#", lines: haproxy },
  { file: "breezeway.lua", comment: "--", lines: () => lua([]) },
  // The gateway compares X-Tenant-ID, and its answer replaces the header.
  { file: "envoy.yaml", comment: "--", lines: () => lua([...ENVOY_WRITES, "x-tenant-id"]) },
  { file: "envoy-jwt-authn.yaml", comment: "--", lines: () => lua(ENVOY_WRITES) },
  { file: "traefik.yaml", comment: "#", lines: traefik },
];

export const REVERSE_PROXY_FILES: readonly string[] = PARTS.map(({ file }) => file);

export const reverseProxyPath = (file: string): string => join(FOLDER, file);

/** @throws {Error} when the file lacks its two marks. */
export async function renderReverseProxy(file: string): Promise<string> {
  const part = PARTS.find((each) => each.file === file);
  const text = await readFile(reverseProxyPath(file), "utf8");
  const open = `${part?.comment} <${MARK}>`;
  const close = `${part?.comment} </header rules>`;
  const start = text.indexOf(open);
  const end = text.indexOf(close);
  if (part === undefined || start === -1 || end === -1) {
    throw new Error(`${file}: put "${open}" and "${close}" around the rules.`);
  }
  const indent = /[ \t]*$/.exec(text.slice(0, start))?.[0] ?? "";
  const body = [open, ...part.lines(), close].join(`\n${indent}`);
  return text.slice(0, start) + body + text.slice(end + close.length);
}

if (import.meta.main) {
  for (const file of REVERSE_PROXY_FILES) {
    await writeFile(reverseProxyPath(file), await renderReverseProxy(file));
  }
}
