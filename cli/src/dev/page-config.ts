/** The configuration that the command passes to its host page, which is built separately and parses it. */
import * as z from "zod/mini";

/** A reason why the frame stays empty, and how to fix it. */
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

/** Paths of the command's server, in addition to the issuer's. */
export const PATHS = {
  script: "/page.js",
  methods: "/methods.js",
  inspect: "/dev/guest",
  revoke: "/dev/revoke",
} as const;

export const ISSUER_PATH = "/auth";
export const CONFIG_ELEMENT = "dev-config";
