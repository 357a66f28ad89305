import { spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freePort } from "@breezeway/test-support/free-port";

const MAIN = join(import.meta.dirname, "main.ts");
/** From the first to the last port of a demo. */
const SPAN = 20;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "breezeway-demo-"));
});

afterEach(() => rm(folder, { recursive: true }));

interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs `demo/main.ts` until it ends, or until its output has `until`, when it gets a SIGTERM. */
async function runMain(env: Record<string, string>, until?: string): Promise<Outcome> {
  const child = spawn(process.execPath, ["--conditions=@breezeway/source", MAIN], {
    env: { ...process.env, NODE_OPTIONS: "", BREEZEWAY_DATA: folder, ...env },
  });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    output += chunk;
    if (until !== undefined && output.includes(until)) child.kill("SIGTERM");
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (errors += chunk));
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.on("error", reject);
  child.on("close", resolve);
  return { code: await promise, output, errors };
}

const freeBasePort = async (): Promise<string> => String(await freePort(SPAN));

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}

describe("npm start", () => {
  it("prints one URL, and ends cleanly on a signal", async () => {
    const port = await freeBasePort();
    const { code, output, errors } = await runMain({ BREEZEWAY_PORT: port }, "Ctrl+C");
    expect(errors).toBe("");
    expect(output).toContain(`http://localhost:${port}`);
    expect(code).toBe(0);
  });

  it("refuses a port that is not one, in words", async () => {
    const { code, errors } = await runMain({ BREEZEWAY_PORT: "4000.5" });
    expect(code).toBe(1);
    expect(linesOf(errors).at(-1)?.trim()).toBe(
      "BREEZEWAY_PORT: must be a whole number from 1024 to 65515.",
    );
  });

  it.each([
    [0, "shell"],
    [1, "gateway"],
  ])("names a port that is in use, at base + %i", async (offset, part) => {
    const port = await freeBasePort();
    const taken = Number(port) + offset;
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(taken, "127.0.0.1", resolve));
    const { code, errors } = await runMain({ BREEZEWAY_PORT: port });
    await new Promise((resolve) => server.close(resolve));
    expect(code).toBe(1);
    expect(errors).toContain(`Port ${taken} (${part}) is already in use.`);
    expect(errors).toContain("BREEZEWAY_PORT=5000 npm start");
    expect(errors).not.toContain("    at ");
  });

  it("names file and field of a malformed manifest", async () => {
    const apps = join(folder, "apps");
    await cp(join(import.meta.dirname, "apps"), apps, { recursive: true });
    const file = join(apps, "orders.json");
    const manifest = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    await writeFile(file, JSON.stringify({ ...manifest, url: "ftp://orders.example" }));
    const { code, errors } = await runMain({
      BREEZEWAY_PORT: await freeBasePort(),
      BREEZEWAY_APPS: apps,
    });
    expect(code).toBe(1);
    expect(errors).toContain(`${file}: url: must be an https URL (http on loopback).`);
    expect(errors).not.toContain("    at ");
  });

  it("names a data folder that cannot be made", async () => {
    const file = join(folder, "a-file");
    await writeFile(file, "");
    const { code, errors } = await runMain({
      BREEZEWAY_PORT: await freeBasePort(),
      BREEZEWAY_DATA: join(file, "data"),
    });
    expect(code).toBe(1);
    expect(errors).toContain("BREEZEWAY_DATA: the folder");
    expect(errors).not.toContain("    at ");
  });
});
