#!/usr/bin/env node
import process from "node:process";
import { main } from "./main.ts";

process.exitCode = await main(process.argv.slice(2), {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  env: process.env,
});
