/**
 * Defines which workspace may import which. `npm run check` runs it through
 * `scripts/checks/boundaries.ts`, which adds
 * that every imported package is declared where it is used.
 */

/**
 * Workspace → the other workspaces it may import. A workspace that is not listed may import all
 * others.
 *
 * @type {Record<string, string[]>}
 */
const LAYERS = {
  shared: [],
  guest: ["shared"],
  host: ["shared"],
  client: ["shared"],
  console: ["shared", "host"],
  issuer: ["shared"],
  verify: ["shared"],
  gateway: ["shared", "verify"],
};
const APPLICATIONS = ["cli", "playwright", "demo", "e2e", "bench", "chaos", "examples"];
const WORKSPACES = [...Object.keys(LAYERS), ...APPLICATIONS];
const TESTS = "(\\.test(-d)?\\.tsx?$|(^|/)test-support/)";
/** What the servers on Node have in common. */
const NODE_ENTRY = "^shared/src/node(\\.ts$|/)";
const anyOf = (/** @type {string[]} */ names) => `^(${names.join("|")})/`;

export default {
  forbidden: [
    ...Object.entries(LAYERS).map(([name, allowed]) => ({
      name: `${name}-layer`,
      comment: `${name} may import ${allowed.join(" and ") || "no other workspace"}.`,
      severity: "error",
      from: { path: `^${name}/` },
      to: { path: anyOf(WORKSPACES.filter((other) => other !== name && !allowed.includes(other))) },
    })),
    {
      name: "public-entries-only",
      comment: "Another workspace is imported by its package name, never by a relative path.",
      severity: "error",
      from: { path: `^(${[...WORKSPACES, "test-support"].join("|")})/` },
      to: {
        path: anyOf([...WORKSPACES, "test-support"]),
        pathNot: "^$1/",
        dependencyTypes: ["local"],
      },
    },
    {
      name: "resolvable",
      comment: "The path or package does not exist, or the package does not export the path.",
      severity: "error",
      // These types extend frameworks that only a user's project has. The consumer check compiles them.
      from: { pathNot: "^host/types/" },
      to: { couldNotResolve: true },
    },
    {
      name: "no-cycles",
      comment: "Two files that import each other are one file, or hide a third.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-tests-in-sources",
      comment: "Shipped sources must not import tests or their support.",
      severity: "error",
      from: { path: anyOf([...Object.keys(LAYERS), "cli", "playwright"]), pathNot: TESTS },
      to: { path: TESTS },
    },
    {
      name: "test-support-in-tests",
      comment: "Only tests, e2e, bench and chaos import what tests share.",
      severity: "error",
      from: { path: anyOf(WORKSPACES), pathNot: [TESTS, "^(e2e|bench|chaos)/"] },
      to: { path: "^test-support/" },
    },
    {
      name: "no-node-in-the-browser",
      comment: "shared, guest, host, client and console run where Node's modules do not exist.",
      severity: "error",
      from: {
        path: anyOf(["shared", "guest", "host", "client", "console"]),
        pathNot: [TESTS, NODE_ENTRY],
      },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "node-entry-for-servers",
      comment: "Only the servers on Node use what they have in common.",
      severity: "error",
      from: {
        path: anyOf(WORKSPACES),
        pathNot: [TESTS, NODE_ENTRY, "^(issuer|gateway)/src/node/", "^gateway/src/observe/"],
      },
      to: { path: NODE_ENTRY },
    },
    {
      name: "bootstrap-without-packages",
      comment: "run.mjs and setup/ run before anything is installed.",
      severity: "error",
      from: { path: "^scripts/(run\\.mjs|setup/[^/]+\\.mjs)$" },
      to: { pathNot: "^scripts/setup/", dependencyTypesNot: ["core"] },
    },
  ],
  options: {
    // TypeScript 7 has no compiler API in JavaScript; swc parses, and keeps type-only imports.
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "(^|/)node_modules/" },
    // The workspaces' own builds; packages under node_modules often have a folder of that name.
    exclude: { path: ["^[a-z0-9]+/(dist|\\.cache)/", "^scripts/checks/fixtures/"] },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@breezeway/source", "import", "types", "node", "default"],
      extensions: [".ts", ".tsx", ".mts", ".mjs", ".js", ".d.ts", ".json"],
    },
  },
};
