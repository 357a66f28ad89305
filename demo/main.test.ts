import { spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freePort } from "@breezeway/test-support/free-port";

const MAIN = join(import.meta.dirname, "main.ts");
/** Offset of the demo's last port from its base port. */
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

/** Runs `demo/main.ts` until it exits. Sends SIGTERM when the output contains `until`. */
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
  it("prints one URL and exits with 0 on SIGTERM", async () => {
    const port = await freeBasePort();
    const { code, output, errors } = await runMain({ BREEZEWAY_PORT: port }, "Ctrl+C");
    expect(errors).toBe("");
    expect(output).toContain(`http://localhost:${port}`);
    expect(code).toBe(0);
  });

  it("names the variable and the range when the port is not a whole number", async () => {
    const { code, errors } = await runMain({ BREEZEWAY_PORT: "4000.5" });
    expect(code).toBe(1);
    expect(linesOf(errors).at(-1)?.trim()).toBe(
      "BREEZEWAY_PORT: must be a whole number from 1024 to 65515.",
    );
  });

  it.each([
    [0, "shell"],
    [1, "gateway"],
  ])("names the port and the part when the port at base + %i is in use", async (offset, part) => {
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

  it("names the file and the field of a malformed manifest", async () => {
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

  it("names BREEZEWAY_DATA when the folder cannot be created", async () => {
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
