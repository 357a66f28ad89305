/** The guides' example applications in the runtimes beside Node, each a program from npm. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { arch, platform } from "node:process";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { bunProgram } from "@breezeway/test-support/bun";
import { freePort } from "@breezeway/test-support/free-port";
import { startProgram, type RunningProgram } from "@breezeway/test-support/processes";
import type { Bed, Issuers, RunningBed } from "../beds/bed.ts";
import { variants, type Variant } from "../variants.ts";
import type { Place } from "./place.ts";

// Inside the repository, so that the runtimes find the frameworks.
const CACHE = resolve(import.meta.dirname, "../../../.cache");
const load = createRequire(import.meta.url);

interface Runtime {
  readonly name: string;
  readonly adapters: readonly string[];
  /** Variants that cannot run there. */
  readonly without?: readonly Variant[];
  /** The program of the runtime, and its arguments. */
  command(folder: string, places: readonly Place[]): Promise<readonly [string, ...string[]]>;
}

/** Compiles one of the programs beside this file. Frameworks stay packages that the runtime loads. */
async function bundle(entry: string, outfile: string): Promise<string> {
  await build({
    entryPoints: [join(import.meta.dirname, entry)],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    conditions: ["@breezeway/source"],
    external: ["express", "fastify"],
    logLevel: "silent",
  });
  return outfile;
}

/** https://github.com/cloudflare/workerd/blob/main/src/workerd/server/workerd.capnp */
function workerdConfig(places: readonly Place[]): string {
  const text = (value: string): string => JSON.stringify(value);
  const services = places.map(
    ({ adapter, variant, issuer, port }) => `(name = "${port}", worker = (
      modules = [(name = "program", esModule = embed "program.mjs")],
      compatibilityDate = "2026-06-01",
      compatibilityFlags = ["nodejs_compat"],
      globalOutbound = "network",
      bindings = [
        (name = "ADAPTER", text = ${text(adapter)}),
        (name = "VARIANT", text = ${text(variant)}),
        (name = "ISSUER", text = ${text(issuer)}),
      ],
    )),`,
  );
  const sockets = places.map(
    ({ port }) =>
      `(name = "${port}", address = "127.0.0.1:${port}", http = (), service = "${port}"),`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "network", network = (allow = ["public", "private"])),
    ${services.join("\n    ")}
  ],
  sockets = [${sockets.join("\n    ")}],
);
`;
}

const servers = ["fetch", "hono", "express", "fastify"];

const workerd: Runtime = {
  name: "workerd",
  adapters: ["fetch", "hono"],
  without: ["revocation"],
  command: async (folder, places) => {
    await bundle("worker.ts", join(folder, "program.mjs"));
    const config = join(folder, "config.capnp");
    await writeFile(config, workerdConfig(places));
    const program = load("workerd") as { default: string };
    return [program.default, "serve", config];
  },
};

const runtimes: readonly Runtime[] = [
  workerd,
  {
    name: "bun",
    adapters: servers,
    command: async (folder) => [
      bunProgram(),
      await bundle("server.ts", join(folder, "program.mjs")),
    ],
  },
  {
    name: "deno",
    adapters: servers,
    command: async (folder) => {
      const libc = platform === "linux" ? "-glibc" : "";
      const program = load.resolve(`@deno/${platform}-${arch}${libc}/deno`);
      const script = await bundle("server.ts", join(folder, "program.mjs"));
      return [program, "run", "--allow-all", "--node-modules-dir=manual", script];
    },
  },
];

export interface RuntimeBeds {
  readonly beds: readonly Bed[];
  close(): Promise<void>;
}

/** One process for each runtime, which starts with the first of its beds. */
export function createRuntimeBeds(): RuntimeBeds {
  const running: Promise<RunningRuntime>[] = [];
  const beds = runtimes.flatMap((runtime) => {
    let starting: Promise<RunningRuntime> | undefined;
    return runtime.adapters.map((adapter): Bed => ({
      name: `${adapter} in ${runtime.name}`,
      without: runtime.without ?? [],
      start: async ({ variant, issuers }) => {
        if (starting === undefined) running.push((starting = startRuntime(runtime, issuers)));
        return { url: (await starting).urlOf(adapter, variant), close: async () => {} };
      },
    }));
  });
  return {
    beds,
    close: async () => void (await Promise.all(running.map(async (one) => (await one).close()))),
  };
}

interface RunningRuntime {
  urlOf(adapter: string, variant: Variant): string;
  close(): Promise<void>;
}

function placesOf({ adapters, without = [] }: Runtime): Omit<Place, "issuer" | "port">[] {
  const kinds = (Object.keys(variants) as Variant[]).filter((kind) => !without.includes(kind));
  return adapters.flatMap((adapter) => kinds.map((variant) => ({ adapter, variant })));
}

async function startRuntime(
  runtime: Runtime,
  { real, unreachable }: Issuers,
  wanted = placesOf(runtime),
): Promise<RunningRuntime> {
  const first = await freePort(wanted.length - 1);
  const places = wanted.map(({ adapter, variant }, index): Place => {
    const issuer = variant === "keys unreachable" ? unreachable : real;
    return { adapter, variant, issuer, port: first + index };
  });
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(join(CACHE, `${runtime.name}-`));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  let program: RunningProgram;
  try {
    const [command, ...args] = await runtime.command(folder, places);
    const env = { PLACES: JSON.stringify(places) };
    // The places open in their order.
    program = await startProgram(command, args, places.at(-1)?.port ?? 0, { cwd: folder, env });
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    urlOf: (adapter, variant) => {
      const place = places.find((one) => one.adapter === adapter && one.variant === variant);
      return `http://127.0.0.1:${place?.port}`;
    },
    close: async () => {
      await program.stop();
      await remove();
    },
  };
}

/** One Worker with Hono's example application. */
export async function startWorker(issuer: string): Promise<RunningBed> {
  const place = { adapter: "hono", variant: "plain" } as const;
  const issuers = { real: issuer, unreachable: issuer };
  const running = await startRuntime(workerd, issuers, [place]);
  return { url: running.urlOf(place.adapter, place.variant), close: () => running.close() };
}
