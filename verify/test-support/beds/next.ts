/** A real Next.js server, in a copy of the guide's example with the variants' routes beside it. */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import type { Variant } from "../variants.ts";
import type { Bed, Issuers } from "./bed.ts";

const VERIFY = resolve(import.meta.dirname, "../..");
// Inside the repository, so that Next finds the packages.
const CACHE = resolve(VERIFY, "../.cache");

const SEGMENTS: Readonly<Record<Variant, string>> = {
  plain: "plain",
  claims: "claims",
  revocation: "revocation",
  proofs: "proofs",
  "keys unreachable": "unreachable",
};

const PAGES = "next, pages router";

export interface NextBeds {
  readonly beds: readonly Bed[];
  close(): Promise<void>;
}

/** Three beds on one server, which starts with the first of them. */
export function createNextBeds(): NextBeds {
  let starting: Promise<NextServer> | undefined;
  const bed = (name: string, base: (variant: Variant) => string): Bed => ({
    name,
    // `Request` objects of Next are made from Node's `headers`, which keep one `Authorization`.
    hidesSecondHeader: name !== PAGES,
    start: async ({ variant, issuers }) => {
      starting ??= startNext(issuers);
      return { url: (await starting).url + base(variant), close: async () => {} };
    },
  });
  return {
    beds: [
      // The plain variant is the guide's own file.
      bed("next, route handler", (variant) =>
        variant === "plain" ? "" : `/route/${SEGMENTS[variant]}`,
      ),
      bed(PAGES, (variant) => `/api/${SEGMENTS[variant]}`),
      bed("next, proxy", (variant) => `/proxied/${SEGMENTS[variant]}`),
    ],
    close: async () => (await starting)?.close(),
  };
}

interface NextServer {
  readonly url: string;
  close(): Promise<void>;
}

async function startNext({ real, unreachable }: Issuers): Promise<NextServer> {
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(join(CACHE, "next-"));
  await cp(join(VERIFY, "examples/next"), folder, { recursive: true });
  await cp(join(VERIFY, "test-support/next-app"), folder, { recursive: true });
  const next = createRequire(import.meta.url).resolve("next/dist/bin/next");
  const server = spawn(process.execPath, [next, "dev", "--hostname", "127.0.0.1", "--port", "0"], {
    cwd: folder,
    env: {
      ...process.env,
      NODE_ENV: "development",
      NEXT_TELEMETRY_DISABLED: "1",
      BREEZEWAY_ISSUER: real,
      UNREACHABLE_ISSUER: unreachable,
    },
  });
  const close = async (): Promise<void> => {
    if (server.exitCode === null && server.signalCode === null) {
      server.kill("SIGTERM");
      await once(server, "exit");
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    return { url: await addressOf(server), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function addressOf(server: ChildProcessWithoutNullStreams): Promise<string> {
  return new Promise((found, failed) => {
    let output = "";
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const url = /Local:\s+(http:\/\/\S+)/.exec(output)?.[1];
      if (url !== undefined && output.includes("Ready")) found(url);
    };
    server.stdout.on("data", read);
    server.stderr.on("data", read);
    server.on("error", failed);
    server.on("exit", (code) => failed(new Error(`next ended with ${code}:\n${output}`)));
  });
}
