#!/usr/bin/env node
import process from "node:process";
import { text } from "node:stream/consumers";
import { main } from "./main.ts";

const STOP_SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** The first signal removes the handlers of both, so that a second one of either kind ends the process. */
function firstStopSignal(): Promise<void> {
  return new Promise((resolve) => {
    const onSignal = (): void => {
      for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
      resolve();
    };
    for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
  });
}

// `breezeway keys list | head -1` closes the pipe early on purpose.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.exitCode = await main(process.argv.slice(2), {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  stdin: () => text(process.stdin),
  untilStopped: firstStopSignal,
  env: process.env,
});

// The process must end even when a module of the operator holds something open.
setTimeout(() => process.exit(), 1_000).unref();
