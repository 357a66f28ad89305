/**
 * Jobs of a suite and their schedule: which job needs which others, and how many cores each one
 * keeps busy. A job's output is shown only when the job fails.
 */
import { availableParallelism } from "node:os";

export interface LeftOut {
  readonly name: string;
  readonly why: string;
}

export interface JobResult {
  readonly passed: number;
  readonly failed: number;
  readonly leftOut?: readonly LeftOut[];
  /** Shown when the job failed. */
  readonly output: string;
}

export interface Job {
  readonly name: string;
  /** The jobs that must pass first. */
  readonly needs?: readonly string[];
  /**
   * The number of cores that it keeps busy; 0 for a job that mostly waits. Default: 1. A job with more cores than the machine has
   * runs alone.
   */
  readonly cores?: number;
  run(): Promise<JobResult>;
}

export interface FinishedJob extends JobResult {
  readonly name: string;
  readonly seconds: number;
}

export interface ScheduleOptions {
  readonly cores?: number;
  readonly onStart?: (name: string) => void;
  readonly onEnd?: (job: FinishedJob) => void;
}

/**
 * Runs all jobs, in their order as far as cores and needs allow. Never rejects for a failed job;
 * a job whose needs failed counts as failed itself, so that nothing is silently left out.
 */
export async function runJobs(
  jobs: readonly Job[],
  options: ScheduleOptions = {},
): Promise<FinishedJob[]> {
  const total = options.cores ?? availableParallelism();
  const finished = new Map<string, FinishedJob>();
  const running = new Map<string, Promise<void>>();
  const waiting = new Set(jobs);
  let busy = 0;

  const end = (job: FinishedJob): void => {
    finished.set(job.name, job);
    options.onEnd?.(job);
  };
  const start = async (job: Job, cores: number): Promise<void> => {
    busy += cores;
    options.onStart?.(job.name);
    const result = await runTimed(job);
    busy -= cores;
    running.delete(job.name);
    end(result);
  };

  while (waiting.size > 0 || running.size > 0) {
    for (const job of waiting) {
      const needs = (job.needs ?? []).map((name) => finished.get(name));
      const failed = needs.find((need) => need && need.failed > 0);
      const cores = Math.min(job.cores ?? 1, total);
      if (failed) {
        waiting.delete(job);
        end({ ...notRun(`${failed.name} failed`), name: job.name, seconds: 0 });
      } else if (!needs.includes(undefined)) {
        // Keep the order: otherwise a job that needs the whole machine would never start.
        if (busy + cores > total) break;
        waiting.delete(job);
        running.set(job.name, start(job, cores));
      }
    }
    if (running.size > 0) await Promise.race(running.values());
    else if ([...waiting].every((job) => !isReady(job, finished)) && waiting.size > 0)
      throw new Error(`These jobs need each other: ${[...waiting].map((job) => job.name).join()}`);
  }
  return [...finished.values()];
}

function isReady(job: Job, finished: ReadonlyMap<string, FinishedJob>): boolean {
  return (job.needs ?? []).every((name) => finished.has(name));
}

function notRun(why: string): JobResult {
  return { passed: 0, failed: 1, output: `not run: ${why}` };
}

async function runTimed(job: Job): Promise<FinishedJob> {
  const started = performance.now();
  let result: JobResult;
  try {
    result = await job.run();
  } catch (error) {
    result = { passed: 0, failed: 1, output: String(error instanceof Error ? error.stack : error) };
  }
  return { ...result, name: job.name, seconds: (performance.now() - started) / 1_000 };
}
