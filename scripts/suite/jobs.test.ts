import { expect, test } from "vitest";
import { runJobs, type Job, type JobResult } from "./jobs.ts";

const PASSED: JobResult = { passed: 1, failed: 0, output: "" };
const FAILED: JobResult = { passed: 0, failed: 1, output: "no" };

/** Jobs that note when they start and end. */
function recorder(): { events: string[]; job: (name: string, job?: Partial<Job>) => Job } {
  const events: string[] = [];
  return {
    events,
    job: (name, options = {}) => ({
      name,
      ...options,
      async run() {
        events.push(`+${name}`);
        await Promise.resolve();
        const result = (await options.run?.()) ?? PASSED;
        events.push(`-${name}`);
        return result;
      },
    }),
  };
}

test("runs as many jobs at a time as there are cores", async () => {
  const { events, job } = recorder();
  await runJobs([job("a"), job("b"), job("c")], { cores: 2 });
  expect(events.slice(0, 2)).toEqual(["+a", "+b"]);
  expect(events.indexOf("+c")).toBeGreaterThan(events.indexOf("-a"));
});

test("gives a job as many cores as it needs, in its turn", async () => {
  const { events, job } = recorder();
  await runJobs([job("a"), job("big", { cores: 2 }), job("c")], { cores: 2 });
  expect(events).toEqual(["+a", "-a", "+big", "-big", "+c", "-c"]);
});

test("runs a job alone when it needs more cores than the machine has", async () => {
  const { events, job } = recorder();
  await runJobs([job("big", { cores: 8 }), job("b")], { cores: 2 });
  expect(events).toEqual(["+big", "-big", "+b", "-b"]);
});

test("runs a job that keeps no core busy beside the others", async () => {
  const { events, job } = recorder();
  await runJobs([job("waits", { cores: 0 }), job("a"), job("b")], { cores: 1 });
  expect(events.slice(0, 2)).toEqual(["+waits", "+a"]);
  expect(events.indexOf("+b")).toBeGreaterThan(events.indexOf("-a"));
});

test("runs a job after what it needs", async () => {
  const { events, job } = recorder();
  await runJobs([job("pack", { needs: ["build"] }), job("build")], { cores: 2 });
  expect(events).toEqual(["+build", "-build", "+pack", "-pack"]);
});

test("counts a job as failed without running it when a job that it needs failed", async () => {
  const { events, job } = recorder();
  const build = job("build", { run: async () => FAILED });
  const finished = await runJobs([build, job("pack", { needs: ["build"] })], { cores: 2 });
  expect(events).toEqual(["+build", "-build"]);
  expect(finished.map(({ name, failed }) => [name, failed])).toEqual([
    ["build", 1],
    ["pack", 1],
  ]);
});

test("counts a job that throws as failed", async () => {
  const broken: Job = { name: "broken", run: () => Promise.reject(new Error("no luck")) };
  const [finished] = await runJobs([broken], { cores: 1 });
  expect(finished).toMatchObject({ passed: 0, failed: 1 });
  expect(finished?.output).toContain("no luck");
});

test("refuses jobs that need each other, and a job that needs an unknown one", async () => {
  const { job } = recorder();
  const circle = [job("a", { needs: ["b"] }), job("b", { needs: ["a"] })];
  await expect(runJobs(circle, { cores: 2 })).rejects.toThrow("a,b");
  await expect(runJobs([job("a", { needs: ["nobody"] })], { cores: 2 })).rejects.toThrow("a");
});
