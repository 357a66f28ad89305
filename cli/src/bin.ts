#!/usr/bin/env node
import { once } from "node:events";
import process from "node:process";
import { text } from "node:stream/consumers";
import { main } from "./main.ts";

// `breezeway keys list | head -1` closes the pipe early, and means it.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.exitCode = await main(process.argv.slice(2), {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  stdin: () => text(process.stdin),
  // Once: whoever asks a second time does not want to wait for the end.
  untilStopped: () =>
    Promise.race(["SIGINT", "SIGTERM"].map((signal) => once(process, signal))).then(() => {}),
  env: process.env,
});

// What a module of the operator's holds open must not keep a process that has done its work.
setTimeout(() => process.exit(), 1_000).unref();
