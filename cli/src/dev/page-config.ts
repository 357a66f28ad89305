/** What the command tells its host page. Parsed there: the page is built apart from the command. */
import * as z from "zod/mini";

/** Why the frame stays empty, and what mends it. */
export interface Finding {
  readonly title: string;
  readonly hint: string;
  /** A line to copy. */
  readonly code?: string | undefined;
}

export interface PageConfig {
  /** The app's manifest. */
  readonly app: unknown;
  readonly path?: string | undefined;
  readonly gatewayUrl?: string | undefined;
  readonly users: readonly string[];
  readonly tenants: readonly string[];
  readonly hasMethods: boolean;
}

export const findingsSchema: z.ZodMiniType<Finding[]> = z.array(
  z.object({ title: z.string(), hint: z.string(), code: z.optional(z.string()) }),
);

export const pageConfigSchema: z.ZodMiniType<PageConfig> = z.object({
  app: z.unknown(),
  path: z.optional(z.string()),
  gatewayUrl: z.optional(z.string()),
  users: z.array(z.string()),
  tenants: z.array(z.string()),
  hasMethods: z.boolean(),
});

/** Paths of the command's own server, besides the issuer's. */
export const PATHS = {
  script: "/page.js",
  methods: "/methods.js",
  inspect: "/dev/guest",
  revoke: "/dev/revoke",
} as const;

export const ISSUER_PATH = "/auth";
export const CONFIG_ELEMENT = "dev-config";
