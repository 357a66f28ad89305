/**
 * The table of limits in `docs/protocol.md`, from the constants. `node scripts/docs/limits.ts` writes it; a
 * test compares it.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  CHANNEL_LIMITS,
  EXPIRY_MARGIN_SECONDS,
  HANDSHAKE_LIMITS,
  PROOF_LIMITS,
  SURFACE_LIMITS,
  TIMEOUTS,
  TOKEN_LIMITS,
  type RateBudget,
} from "../../shared/src/index.ts";
import {
  KEY_REMOVAL_SECONDS,
  LIFECYCLE_TTL_SECONDS,
  MAX_FAILURE_DETAIL,
  MAX_LIFECYCLE_BODY_BYTES,
} from "../../shared/src/schemas.ts";
import { REFUSAL_LIMIT } from "../../gateway/src/limits/refusal-limit.ts";
import { MAX_HEADER_FIELDS } from "../../gateway/src/request/inspect-headers.ts";
import { UPSTREAM_LIMITS } from "../../gateway/src/upstream/upstream-pools.ts";
import {
  DEFAULT_RATE_LIMITS,
  PROVIDER_LIMITS,
  REQUEST_LIMITS,
  SESSION_LIMITS,
  STREAM_LIMITS,
  type StreamKind,
} from "../../issuer/src/limits.ts";
import { FEED_LIMITS, JWKS_LIMITS } from "../../verify/src/limits.ts";
import { ROOT } from "../suite/root.ts";
import { formatted } from "../setup/formatted.ts";

export const PROTOCOL_PAGE: string = join(ROOT, "docs/protocol.md");

const BEGIN = "<!-- limits: written by scripts/docs/limits.ts; do not edit -->";
const END = "<!-- end of limits -->";

type Meanings<Limits> = { readonly [Name in keyof Limits]: string };

interface Group {
  readonly title: string;
  readonly rows: readonly (readonly [name: string, value: number, meaning: string])[];
}

/** The compiler asks for the meaning of each limit. */
function group<Limits extends object>(
  title: string,
  limits: Limits,
  meanings: Meanings<Limits>,
): Group {
  const rows = Object.entries(limits).map(
    ([name, value]) => [name, Number(value), meanings[name as keyof Limits]] as const,
  );
  return { title, rows };
}

function budgets(limits: Readonly<Record<string, RateBudget>>): Group["rows"] {
  return Object.entries(limits).flatMap(([name, { burst, perSecond }]) => [
    [`${name}.burst`, burst, `${name} at once`] as const,
    [`${name}.perSecond`, perSecond, `${name} per second after those`] as const,
  ]);
}

function streams(kind: StreamKind, holders: string): Group["rows"] {
  const { total, reserve, per } = STREAM_LIMITS[kind];
  return [
    [`${kind}.total`, total, `${holders} of one process`] as const,
    [`${kind}.reserve`, reserve, `of these, reserved for holders of few streams`] as const,
    ...Object.entries(per).flatMap(([share, { most, few }]) => [
      [`${kind}.${share}`, most, `${holders} of one ${share}`] as const,
      [`${kind}.${share}.few`, few, `with fewer, one ${share} may use the reserve`] as const,
    ]),
  ];
}

const { maxAgeSeconds, maxStaleSeconds, cooldownSeconds, retrySeconds, maxBytes, timeoutMs } =
  JWKS_LIMITS;
const KEY_SET_LIMITS = {
  maxAgeSeconds,
  maxStaleSeconds,
  cooldownSeconds,
  retrySeconds,
  maxBytes,
  timeoutMs,
};
const { toasts, dialogs, navigations, paths, sizes, scopes, ...SURFACE_LENGTHS } = SURFACE_LIMITS;
const SURFACE_BUDGETS = { toasts, dialogs, navigations, paths, sizes, scopes };

const GROUPS: readonly Group[] = [
  group(
    "Handshake",
    { ...HANDSHAKE_LIMITS, handshakeMs: TIMEOUTS.handshakeMs },
    {
      attemptBurst: "handshakes of one frame that begin at once",
      attemptsPerSecond: "handshakes of one frame per second after those",
      maxMessagesPerAttempt: "messages of a guest on the port of one handshake",
      handshakeMs: "from the first message, or the mount, to the welcome",
    },
  ),
  group(
    "Connection",
    { ...CHANNEL_LIMITS, callMs: TIMEOUTS.callMs },
    {
      maxMessageBytes: "bytes of one message without binary data: one per character, 8 per value",
      maxMessageValues:
        "values and keys of one message; an item of a list or a `Set` counts twice, as a member does",
      maxBinaryBytes: "bytes of buffers and pixels in one message",
      maxDepth: "nesting of one message",
      maxFramesPerMessage: "frames in one message",
      maxFramesPerSecond: "frames per second after the burst",
      frameBurst: "frames at once",
      maxBytesPerSecond: "bytes per second after the burst, with binary data",
      byteBurst: "bytes at once, with binary data",
      maxCallsInFlight: "calls of one side that wait for an answer",
      maxBytesInFlight:
        "bytes of calls of a guest whose handlers have not settled, measured as messages are",
      maxSubscriptions: "topics to which one guest subscribes",
      maxViolations: "violations after which the connection is closed",
      callMs: "from a call to its answer, by default",
    },
  ),
  {
    title: "Methods that act on the host's page, per app",
    rows: [
      ...budgets(SURFACE_BUDGETS),
      ...group("", SURFACE_LENGTHS, {
        maxScopes: "scopes in one request",
        maxPathLength: "characters of a path",
        maxToastLength: "characters of a toast",
        maxTitleLength: "characters of a dialog's title",
        maxTextLength: "characters of a dialog's text",
        maxButtonLength: "characters of a button's label",
      }).rows,
    ],
  },
  group(
    "Session tokens",
    { ...TOKEN_LIMITS, expiryMarginSeconds: EXPIRY_MARGIN_SECONDS },
    {
      maxTokenBytes: "characters of a token",
      maxHeaderBytes: "characters of a token's header part",
      defaultTtlSeconds: "life of a token by default",
      minTtlSeconds: "shortest life that an issuer can be configured to",
      maxTtlSeconds: "longest life that a verifier accepts",
      ttlJitter: "fraction of the life by which the issuer shortens it at random",
      maxClockSkewSeconds: "tolerated difference of clocks",
      minRefreshAheadSeconds:
        "a host renews a token at the latest when this much of its life is left,",
      refreshAheadFraction: "or this fraction of its life, whichever is more",
      expiryMarginSeconds: "a token in the last seconds of its life is not handed out",
    },
  ),
  group("Key set", KEY_SET_LIMITS, {
    maxAgeSeconds: "for which a verifier uses a key set",
    maxStaleSeconds: "for which a verifier uses it while the issuer cannot be reached",
    cooldownSeconds: "between two fetches, at least",
    retrySeconds: "the same after a failed fetch without a usable key set",
    maxBytes: "bytes of a key set",
    timeoutMs: "for one fetch",
  }),
  group("Proofs", PROOF_LIMITS, {
    maxProofBytes: "characters of a proof",
    maxIdLength: "characters of its `jti`",
    maxAgeSeconds: "age of a proof, beside the tolerated difference of clocks",
  }),
  group(
    "Revocation feed and lifecycle calls",
    {
      silenceMs: FEED_LIMITS.silenceMs,
      maxRetryMs: FEED_LIMITS.retryMs,
      keyRemovalSeconds: KEY_REMOVAL_SECONDS,
      lifecycleTtlSeconds: LIFECYCLE_TTL_SECONDS,
      maxLifecycleBodyBytes: MAX_LIFECYCLE_BODY_BYTES,
      maxFailureDetail: MAX_FAILURE_DETAIL,
    },
    {
      silenceMs: "after which a verifier takes the connection for cut, by default",
      maxRetryMs: "longest pause of a verifier before it connects again, by default",
      keyRemovalSeconds: "for which a reader keeps the removal of a key",
      lifecycleTtlSeconds: "life of a lifecycle call",
      maxLifecycleBodyBytes: "bytes of its body",
      maxFailureDetail: "characters of `failure.detail`",
    },
  ),
  {
    title: "Event streams of an issuer",
    rows: [
      ...streams("session", "streams of `GET /session/events`"),
      ...streams("revocations", "streams of the revocation feed"),
    ],
  },
  group(
    "Requests to an issuer",
    { ...REQUEST_LIMITS, ...SESSION_LIMITS },
    {
      maxHeaderBytes: "bytes of all header fields together",
      maxBodyBytes: "bytes of a body",
      maxClaimsBytes: "bytes of a session's custom claims, as JSON",
      maxDataBytes: "bytes of the data that stays on the server, as JSON",
      maxTenants: "tenants of one session",
    },
  ),
  group("Answers of an OpenID provider", PROVIDER_LIMITS, {
    maxAnswerBytes: "bytes of one answer, after decompression",
    timeoutSeconds: "for one answer",
    maxSkewSeconds: "by which the `iat` of an ID token may be ahead",
  }),
  group("Requests to an issuer per minute and process, by default", DEFAULT_RATE_LIMITS, {
    loginsPerAddress: "sign-ins from one address",
    logins: "sign-ins from all addresses",
    mintsPerSession: "tokens of one session",
    mintsPerSessionAndApp: "tokens of one session for one app",
    mintsPerApp: "tokens for one app",
    installationChangesPerTenant: "changes of one kind to the installations of one tenant",
    requestsPerAddress: "state-changing requests from one address",
  }),
  group(
    "Gateway, by default",
    {
      maxHeaderFields: MAX_HEADER_FIELDS,
      ...UPSTREAM_LIMITS,
      refusals: REFUSAL_LIMIT.requests,
      refusalWindowSeconds: REFUSAL_LIMIT.windowSeconds,
    },
    {
      maxHeaderFields: "header fields of a request",
      connectTimeoutMs: "for a connection to an upstream",
      maxConcurrentRequests: "requests to one upstream at once",
      maxConcurrentStreams: "WebSockets and event streams of one upstream at once",
      maxConcurrentPerSession:
        "requests of one session to one upstream at once, and as many streams",
      maxConcurrentPerUser: "requests of one user to one upstream at once, and as many streams",
      maxConcurrentPerApp: "requests of one app to one upstream at once, and as many streams",
      maxConcurrentPerAddress:
        "requests of one address to one upstream at once, and as many streams",
      circuitFailures: "failures in a row that open the circuit of an upstream",
      circuitOpenMs: "for which an open circuit rejects requests",
      refusals: "rejected requests of one address",
      refusalWindowSeconds: "in this window",
    },
  ),
];

export async function renderProtocolPage(page: string): Promise<string> {
  const [before = "", rest = ""] = page.split(BEGIN);
  const [, after = ""] = rest.split(END);
  const tables = GROUPS.flatMap(({ title, rows }) => [
    `**${title}**`,
    "",
    "| limit | value | meaning |",
    "| --- | --: | --- |",
    ...rows.map(([name, value, meaning]) => `| \`${name}\` | ${shown(value)} | ${meaning} |`),
    "",
  ]);
  const written = [before, BEGIN, "", ...tables, END, after];
  return formatted("page.md", written.join("\n").replaceAll(/\n{3,}/gu, "\n\n"));
}

function shown(value: number): string {
  return value.toLocaleString("en-GB").replaceAll(",", " ");
}

if (import.meta.main) {
  const page = await readFile(PROTOCOL_PAGE, "utf8");
  await writeFile(PROTOCOL_PAGE, await renderProtocolPage(page));
}
