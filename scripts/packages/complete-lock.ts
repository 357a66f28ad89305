/**
 * Completes package-lock.json with builds for other platforms. npm leaves an optional package
 * out of the lock file when the registry at hand does not serve it, and npm 11's `npm ci` then
 * refuses the whole file. The packages that pin such builds do so exactly, so version and platform
 * are known without asking a registry; only the integrity hash is not, and npm does without.
 *
 * `node scripts/packages/complete-lock.ts` adds what is missing.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import * as z from "zod/mini";
import { ROOT } from "../suite/root.ts";

const entrySchema = z.looseObject({
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

/** The lock entry of such a build, its platform read from its name: `core-linux-arm64-gnu`. */
export function lockEntryOf({ name, version, dev }: PlatformBuild): Record<string, unknown> {
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

if (import.meta.main) {
  const lock = await readLock();
  const added = missingBuilds(lock).map((build): [string, unknown] => [
    `node_modules/${build.name}`,
    lockEntryOf(build),
  ]);
  const entries: [string, unknown][] = [...Object.entries(lock.packages), ...added];
  const packages = Object.fromEntries(entries.sort(([a], [b]) => a.localeCompare(b, "en")));
  const text = JSON.stringify({ ...lock, packages }, undefined, 2);
  await writeFile(join(ROOT, "package-lock.json"), `${text}\n`);
  process.stdout.write(`${added.length} builds added\n`);
}
