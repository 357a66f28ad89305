/**
 * Completes package-lock.json with builds for other platforms. npm leaves an optional package
 * out of the lock file when the registry at hand does not serve it, and npm 11's `npm ci` then
 * refuses the whole file. The packages that pin such builds do so exactly, so version and platform
 * are known from the file itself. The registry serves the integrity hash: without one, npm installs
 * whatever it receives.
 *
 * `node scripts/packages/complete-lock.ts` adds what is missing.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import * as z from "zod/mini";
import { npm } from "../setup/dependencies.mjs";
import { ROOT } from "../suite/root.ts";

const entrySchema = z.looseObject({
  version: z.optional(z.string()),
  integrity: z.optional(z.string()),
  link: z.optional(z.boolean()),
  dev: z.optional(z.boolean()),
  optionalDependencies: z.optional(z.record(z.string(), z.string())),
});
const lockSchema = z.looseObject({ packages: z.record(z.string(), entrySchema) });

export type Lock = z.infer<typeof lockSchema>;

const SYSTEMS = /^(aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)$/u;
const PROCESSORS = /^(arm|arm64|ia32|loong64|mips64el|ppc64|riscv64|s390x|x64)$/u;

export interface PlatformBuild {
  readonly name: string;
  readonly version: string;
  readonly dev: boolean;
}

/** Optional packages that an entry of the lock file depends on and that the file does not list. */
export function missingBuilds({ packages }: Lock): PlatformBuild[] {
  return Object.entries(packages).flatMap(([path, { dev = false, optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(
        ([name]) =>
          !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages),
      )
      .map(([name, version]) => ({ name, version, dev })),
  );
}

/** Paths of installed packages that the lock file does not pin by a SHA-512 hash. */
export function withoutIntegrity({ packages }: Lock): string[] {
  return Object.entries(packages)
    .filter(([path, { link }]) => path.includes("node_modules/") && link !== true)
    .filter(([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/u.test(integrity ?? ""))
    .map(([path]) => path);
}

/** The lock entry of such a build, its platform read from its name: `core-linux-arm64-gnu`. */
export function lockEntryOf({ name, version, dev }: PlatformBuild): Lock["packages"][string] {
  const parts = name.split(/[-/]/u);
  const os = parts.filter((part) => SYSTEMS.test(part));
  const cpu = parts.filter((part) => PROCESSORS.test(part));
  if (os.length === 0 || cpu.length === 0 || !/^\d/u.test(version))
    throw new Error(`${name}@${version} is not a build for one platform. Add it with npm install.`);
  const libc = parts.some((part) => part.startsWith("musl")) ? "musl" : "glibc";
  return {
    version,
    cpu,
    ...(dev ? { dev } : {}),
    ...(os.includes("linux") ? { libc: [libc] } : {}),
    optional: true,
    os,
  };
}

export async function readLock(root: string = ROOT): Promise<Lock> {
  const lock: unknown = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8"));
  z.parse(lockSchema, lock);
  // The schema's result has another order of members, which would show as a change.
  return lock as Lock;
}

/** The hash that the registry serves for the package at this path of the lock file. */
async function integrityOf(path: string, version: string): Promise<string> {
  const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
  const { code, output } = await npm(["view", `${name}@${version}`, "dist.integrity"], ROOT);
  const hash = /^sha512-\S+$/mu.exec(output)?.[0];
  if (code !== 0 || hash === undefined)
    throw new Error(`The registry serves no hash of ${name}@${version}: ${output}`);
  return hash;
}

if (import.meta.main) {
  const lock = await readLock();
  const added = missingBuilds(lock).map((build): [string, Lock["packages"][string]] => [
    `node_modules/${build.name}`,
    lockEntryOf(build),
  ]);
  const entries = [...Object.entries(lock.packages), ...added];
  const packages = Object.fromEntries(entries.sort(([a], [b]) => a.localeCompare(b, "en")));
  const unpinned = withoutIntegrity({ packages });
  for (const path of unpinned) {
    const { version = "", ...rest } = packages[path] ?? {};
    packages[path] = { version, integrity: await integrityOf(path, version), ...rest };
  }
  const text = JSON.stringify({ ...lock, packages }, undefined, 2);
  await writeFile(join(ROOT, "package-lock.json"), `${text}\n`);
  process.stdout.write(`${added.length} builds and ${unpinned.length} hashes added\n`);
}
