import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { run } from "./process.mjs";

const MODULE = new URL("./process.mjs", import.meta.url).href;

function node(script: string, options = {}): ReturnType<typeof run> {
  return run(process.execPath, ["--input-type=module", "--eval", script], options);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("resolves to the exit code and the output of both streams", async () => {
  const result = await node(`console.log("out"); console.error("err"); process.exitCode = 3;`);
  expect(result).toMatchObject({ code: 3, timedOut: false });
  expect(result.output.split("\n").toSorted()).toEqual(["", "err", "out"]);
});

test("resolves to 127 for a program that does not exist", async () => {
  expect(await run("/no/such/program", [])).toMatchObject({ code: 127 });
});

test("resolves to 128 + n after signal n", async () => {
  expect(await node(`process.kill(process.pid, "SIGTERM");`)).toMatchObject({ code: 143 });
});

test("ends a child that takes longer than timeoutMs", async () => {
  const result = await node(`setInterval(() => {}, 1000);`, { timeoutMs: 200 });
  expect(result).toMatchObject({ code: 137, timedOut: true });
});

test("ends the processes that the child leaves behind", async () => {
  // The grandchild holds the output open. If it did not end, this test would take ten minutes.
  const { code, output } = await node(`
    import { spawn } from "node:child_process";
    spawn("sleep", ["600"], { stdio: "inherit" });
    console.log("left");
    process.exit(0);
  `);
  expect([code, output]).toEqual([0, "left\n"]);
});

/** A program that runs `child` under forwarded signals, until the child has said "ready". */
async function startForwarder(child: string): Promise<{ parent: ChildProcess; lines: string[] }> {
  const script = `
    import { forwardSignals, run } from ${JSON.stringify(MODULE)};
    forwardSignals();
    const { code } = await run(process.execPath, ["--eval", ${JSON.stringify(child)}], { output: "inherit" });
    process.exitCode = code;
  `;
  const parent = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void parent.kill("SIGKILL"));
  const lines: string[] = [];
  const reader = createInterface({ input: parent.stdout });
  reader.on("line", (line) => lines.push(line));
  await once(reader, "line");
  return { parent, lines };
}

test("passes a signal on once, lets the child end in its own way, and exits like it", async () => {
  const { parent, lines } = await startForwarder(`
    process.on("SIGINT", () => { console.log("SIGINT"); setTimeout(() => process.exit(0), 50); });
    setInterval(() => {}, 1000);
    console.log("ready");
  `);
  parent.kill("SIGINT");
  expect(await once(parent, "close")).toEqual([130, null]);
  expect(lines).toEqual(["ready", "SIGINT"]);
});

test("kills a child that ignores the first signal on the second one", async () => {
  const { parent, lines } = await startForwarder(`
    process.on("SIGTERM", () => console.log("no"));
    setInterval(() => {}, 1000);
    console.log(process.pid);
  `);
  const ended = once(parent, "close");
  parent.kill("SIGTERM");
  await expect.poll(() => lines).toContain("no");
  parent.kill("SIGTERM");
  await ended;
  expect(isAlive(Number(lines[0]))).toBe(false);
});
