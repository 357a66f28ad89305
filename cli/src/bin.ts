#!/usr/bin/env node
import { once } from "node:events";
import process from "node:process";
import { text } from "node:stream/consumers";
import { main } from "./main.ts";

// `breezeway keys list | head -1` closes the pipe early on purpose.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.exitCode = await main(process.argv.slice(2), {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  stdin: () => text(process.stdin),
  // The handlers run once, so a second signal ends the process at once.
  untilStopped: () =>
    Promise.race(["SIGINT", "SIGTERM"].map((signal) => once(process, signal))).then(() => {}),
  env: process.env,
});

// The process must end even when a module of the operator holds something open.
setTimeout(() => process.exit(), 1_000).unref();
