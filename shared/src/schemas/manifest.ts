/**
 * The manifest of an app, the only source of its identity, origin, capabilities and scopes.
 */
import * as z from "zod/mini";
import { isLoopbackHost, originOf } from "../origin.ts";
import { isRight } from "../protocol/names.ts";
import { channelName, folderOf, MAX_CHANNELS, STABLE, type AppChannel } from "./channels.ts";
import { parseJsonWith, parseWith, type ParseContext } from "./parse.ts";

/**
 * Tokens of the `sandbox` attribute that an app may ask for. Top navigation is not among them: a
 * guest must not be able to replace the host's page.
 */
export const SANDBOX_TOKENS = [
  "allow-scripts",
  "allow-same-origin",
  "allow-forms",
  "allow-popups",
  "allow-popups-to-escape-sandbox",
  "allow-modals",
  "allow-downloads",
  "allow-pointer-lock",
  "allow-presentation",
  "allow-storage-access-by-user-activation",
] as const;

export const DEFAULT_SANDBOX: readonly SandboxToken[] = [
  "allow-scripts",
  "allow-same-origin",
  "allow-forms",
];

export type ColorScheme = "light" | "dark";

export type SandboxToken = (typeof SANDBOX_TOKENS)[number];

/** One text for all languages, or one per BCP 47 language tag. */
export type Label = string | Readonly<Record<string, string>>;

/** Where an app appears in the host. Every `path` is relative to the app's origin. */
export type Placement =
  | {
      readonly type: "menu";
      readonly label: Label;
      readonly path: string;
      readonly icon?: string | undefined;
    }
  | {
      readonly type: "pane";
      /** Name of the host's page or record that the pane belongs to, such as `customer`. */
      readonly context: string;
      readonly label: Label;
      readonly path: string;
    }
  | {
      readonly type: "modal";
      /** The name that the app passes to `openModal`. */
      readonly name: string;
      readonly label: Label;
      readonly path: string;
      readonly size?: "small" | "medium" | "large" | undefined;
    }
  | { readonly type: "setup"; readonly path: string };

export interface Icon {
  readonly src: string;
  /** As in HTML: `48x48`, `any`. */
  readonly sizes?: string | undefined;
  /** Media type. */
  readonly type?: string | undefined;
}

export interface Lifecycle {
  /** Page in a frame until the app calls `setupCompleted`. It must be on the origin of `url`. */
  readonly setupUrl?: string | undefined;
  /** Backend endpoint that the issuer calls when a tenant installs the app. */
  readonly connectUrl?: string | undefined;
  /** Backend endpoint that the issuer calls when a tenant uninstalls the app. */
  readonly disconnectUrl?: string | undefined;
  /** Called when a user was erased who had sessions in a tenant that has the app. */
  readonly userErasedUrl?: string | undefined;
}

export interface Manifest {
  /** The audience of the app's tokens. 1 to 63 lower-case letters, digits and hyphens. */
  readonly id: string;
  readonly name: string;
  /** Semantic version. */
  readonly version: string;
  /** Start page. Its origin is the app's origin. https, or http on loopback. */
  readonly url: string;
  /**
   * Versions that operators can give to some tenants, by name: at most 16, each of 1 to 32 lower-case letters, digits and
   * hyphens. `stable` is the manifest's own `url` and `version`, and is not listed. Default: none.
   */
  readonly channels?: Readonly<Record<string, AppChannel>> | undefined;
  readonly placements: readonly Placement[];
  /** Rights of the app in the host, such as `customers:read`. */
  readonly capabilities: readonly string[];
  /** Rights of the app at the gateway, such as `orders:read`. */
  readonly scopes: readonly string[];
  /** Rights at the gateway that the app can do without, and may ask for later. Default: none. */
  readonly optionalScopes: readonly string[];
  /** What a scope lets the app do, for the people who decide about it. By scope. Default: the scope's name. */
  readonly scopeLabels?: Readonly<Record<string, Label>> | undefined;
  readonly lifecycle?: Lifecycle | undefined;
  /**
   * The app's tokens are always bound to a key of its page, and are rejected without a proof of that
   * key (RFC 9449). Default `false`: each page decides.
   */
  readonly proofRequired?: boolean | undefined;
  /** Default: {@link DEFAULT_SANDBOX}. */
  readonly sandbox: readonly SandboxToken[];
  /** Permissions-policy features of the frame. Default: none. */
  readonly allow: readonly string[];
  /**
   * The colour schemes of the app's pages. Name both if the pages follow `bridge.theme`. When the host shows
   * a scheme that is missing here, the app stands on an opaque background of its first one. Default: `["light"]`.
   */
  readonly colorSchemes: readonly ColorScheme[];
  readonly icons: readonly Icon[];
  /** BCP 47 tags. Default: `["en"]`. */
  readonly locales: readonly string[];
  readonly homepage?: string | undefined;
  /** https or mailto. */
  readonly support?: string | undefined;
  readonly privacy?: string | undefined;
}

type Defaulted =
  | "placements"
  | "capabilities"
  | "scopes"
  | "optionalScopes"
  | "sandbox"
  | "allow"
  | "colorSchemes"
  | "icons"
  | "locales";

/** A manifest as its author writes it: fields with a default may be left out. */
export type ManifestInput = Omit<Manifest, Defaulted> & {
  readonly [Field in Defaulted]?: Manifest[Field] | undefined;
} & {
  readonly $schema?: string | undefined;
  /** Ignored if it is correct, so that a {@link RegisteredApp} sent as JSON is a valid manifest. */
  readonly origin?: string | undefined;
};

/** One line of plain text, 1 to `maxLength` characters. */
export const text = (maxLength: number): z.ZodMiniType<string> =>
  z.string().check(
    z.minLength(1),
    z.maxLength(maxLength, `must be at most ${maxLength} characters`),
    // A line break or a change of direction would let a name imitate other parts of a page or a log.
    z.regex(
      /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]*$/u,
      "must not contain control characters, line breaks or bidirectional controls",
    ),
  );

const appId = z.string().check(
  z.regex(
    /^[a-z][a-z0-9-]{0,62}$/,
    "must be lower-case letters, digits and hyphens, starting with a letter",
  ),
  // Ids are looked up in objects, whose prototype has this name.
  z.refine((id) => !(id in Object.prototype), "must not be the name of a member of every object"),
);

const rightName = z.string().check(z.refine(isRight, "must be of the form resource:action"));

// Plain http is for this machine only: elsewhere anyone on the network path could replace the app.
const webUrl = z.string().check(z.refine(isSecureUrl, "must be an https URL (http on loopback)"));

const version = z
  .string()
  .check(z.regex(/^\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?$/, "must be a semantic version"));

const channels = z
  .record(
    channelName,
    z.strictObject({
      url: webUrl.check(z.maxLength(2_048, "must be at most 2048 characters")),
      version: version.check(z.maxLength(64, "must be at most 64 characters")),
    }),
  )
  .check(
    z.refine(
      (listed) => Object.keys(listed).length <= MAX_CHANNELS,
      `must have at most ${MAX_CHANNELS} channels`,
    ),
    z.refine(
      (listed) => !Object.hasOwn(listed, STABLE),
      "must not list stable, which is the manifest's own url and version",
    ),
  );

const path = z
  .string()
  .check(z.regex(/^\/(?!\/)[^\s\\]*$/, "must be a path that starts with one slash"));

const label = z.union([text(80), z.record(text(35), text(80))]);

const placement = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("menu"), label, path, icon: z.optional(text(40)) }),
  z.strictObject({ type: z.literal("pane"), context: text(64), label, path }),
  z.strictObject({
    type: z.literal("modal"),
    name: text(40),
    label,
    path,
    size: z.optional(z.enum(["small", "medium", "large"])),
  }),
  z.strictObject({ type: z.literal("setup"), path }),
]);

const manifestSchema: z.ZodMiniType<Manifest> = z
  .strictObject({
    $schema: z.optional(z.string()),
    id: appId,
    name: text(80),
    version,
    url: webUrl,
    channels: z.optional(channels),
    origin: z.optional(z.string()),
    placements: z._default(z.array(placement), []),
    capabilities: z._default(z.array(rightName), []),
    scopes: z._default(z.array(rightName), []),
    optionalScopes: z._default(z.array(rightName), []),
    scopeLabels: z.optional(z.record(rightName, label)),
    lifecycle: z.optional(
      z.strictObject({
        setupUrl: z.optional(webUrl),
        connectUrl: z.optional(webUrl),
        disconnectUrl: z.optional(webUrl),
        userErasedUrl: z.optional(webUrl),
      }),
    ),
    proofRequired: z.optional(z.boolean()),
    sandbox: z._default(z.array(z.enum(SANDBOX_TOKENS)), [...DEFAULT_SANDBOX]),
    allow: z._default(
      z.array(
        z.string().check(z.regex(/^[a-z][a-z-]{1,40}$/, "must be a permissions-policy feature")),
      ),
      [],
    ),
    colorSchemes: z._default(
      z
        .array(z.enum(["light", "dark"], 'must be "light" or "dark"'))
        .check(z.minLength(1, "must name at least one scheme")),
      ["light"],
    ),
    icons: z._default(
      z.array(
        z.strictObject({ src: webUrl, sizes: z.optional(text(40)), type: z.optional(text(80)) }),
      ),
      [],
    ),
    locales: z._default(
      z.array(
        z.string().check(z.regex(/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/, "must be a BCP 47 tag")),
      ),
      ["en"],
    ),
    homepage: z.optional(webUrl),
    support: z.optional(
      z
        .string()
        .check(
          z.refine(
            (url) => url.startsWith("mailto:") || isSecureUrl(url),
            "must be an https or mailto URL",
          ),
        ),
    ),
    privacy: z.optional(webUrl),
  })
  .check(
    z.refine(
      ({ scopes, optionalScopes }) => !optionalScopes.some((scope) => scopes.includes(scope)),
      { path: ["optionalScopes"], error: "must not repeat a scope of scopes" },
    ),
    z.refine(
      ({ scopes, optionalScopes, scopeLabels = {} }) =>
        Object.keys(scopeLabels).every((scope) => [...scopes, ...optionalScopes].includes(scope)),
      {
        path: ["scopeLabels"],
        error: "must label only scopes and optionalScopes of this manifest",
      },
    ),
    z.refine(({ url, origin }) => origin === undefined || origin === originOf(url), {
      path: ["origin"],
      error: "must be the origin of url",
    }),
    z.refine(
      ({ url, lifecycle }) =>
        lifecycle?.setupUrl === undefined || originOf(lifecycle.setupUrl) === originOf(url),
      { path: ["lifecycle", "setupUrl"], error: "must be on the origin of url" },
    ),
    z.check<Manifest>(({ value: { url, channels: listed = {} }, issues }) => {
      for (const [name, channel] of Object.entries(listed)) {
        const message = channelFault(url, channel.url);
        if (message === undefined) continue;
        issues.push({
          code: "custom",
          input: channel.url,
          path: ["channels", name, "url"],
          message,
        });
      }
    }),
  );

function channelFault(url: string, channelUrl: string): string | undefined {
  const origin = originOf(url);
  // Another fault has been found.
  if (origin === undefined) return undefined;
  if (originOf(channelUrl) !== origin) return "must be on the origin of url";
  // The paths of placements could not tell the versions apart.
  if (folderOf(channelUrl) === folderOf(url)) {
    return "must be in another folder than url, such as /beta/";
  }
  return undefined;
}

/** A parsed manifest with its origin. */
export interface RegisteredApp extends Manifest {
  /** The origin of `url`. Only this origin may connect or send requests as this app. */
  readonly origin: string;
}

/** Every scope that an app can ever have: `scopes`, then `optionalScopes`. */
export function scopesOfManifest({
  scopes,
  optionalScopes,
}: Pick<Manifest, "scopes" | "optionalScopes">): readonly string[] {
  return optionalScopes.length === 0 ? scopes : [...scopes, ...optionalScopes];
}

// Results of the parsers below. The shape alone would prove nothing.
const registered = new WeakSet<object>();

/** @throws {BridgeError} MANIFEST_INVALID, naming source and field */
export function parseManifest(value: unknown, source = "manifest"): RegisteredApp {
  return register(parseWith(manifestSchema, value, failure(source)));
}

/** @throws {BridgeError} MANIFEST_INVALID, naming source and field */
export function parseManifestJson(json: string, source: string): RegisteredApp {
  return register(parseJsonWith(manifestSchema, json, failure(source)));
}

function failure(source: string): ParseContext {
  return { code: "MANIFEST_INVALID", source };
}

function register(manifest: Manifest): RegisteredApp {
  // The schema accepts only http(s) URLs, and each of them has an origin.
  const app = Object.freeze({ ...manifest, origin: originOf(manifest.url) ?? "" });
  registered.add(app);
  return app;
}

/** True for a value that {@link parseManifest} returned, so that it need not be parsed again. */
export function isRegisteredApp(value: object): value is RegisteredApp {
  return registered.has(value);
}

function isSecureUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username, password } = new URL(url);
  if (username !== "" || password !== "") return false;
  return protocol === "https:" || (protocol === "http:" && isLoopbackHost(hostname));
}
