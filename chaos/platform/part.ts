/** A process of the platform, which a fault can kill, stop, or give other surroundings. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { killWithTest } from "@breezeway/test-support/processes";
import { isListening, isReply, type Command, type UsageRequest, type World } from "./messages.ts";
import type { Usage } from "./usage.ts";

const WORLD = fileURLToPath(new URL("world.ts", import.meta.url));
/** Small enough that the fault "memory" makes the collector work hard. */
const HEAP_MB = 320;
/** As supervisors wait before they start a process again. */
const RESTART_AFTER_MS = 250;
/** Errors of a part that are kept for the report of a failed run. */
const LAST_ERRORS = 20;

export interface PartOptions {
  readonly name: string;
  /** Beside this module, such as `issuer-program.ts`. */
  readonly program: string;
  readonly settings: object;
}

export interface Part extends AsyncDisposable {
  readonly name: string;
  /** Starts it, and again whenever it ends before it listens, as a supervisor does. */
  start(): Promise<void>;
  /** Sends SIGKILL and waits for the end. */
  kill(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** Changes its surroundings, and those of the processes that are started in its place. */
  surround(world: World): void;
  /** Resolves with the part's value. Rejects when it fails, or ends before it answers. */
  ask(command: string, argument: string): Promise<string>;
  /** What it uses right after a collection. Rejects as `ask` does. */
  usage(): Promise<Usage>;
  readonly pid: number | undefined;
  /** What it last wrote to standard error. */
  readonly errors: readonly string[];
}

interface Waiting {
  readonly resolve: (value: string) => void;
  readonly reject: (error: Error) => void;
}

export function createPart({ name, program, settings }: PartOptions): Part {
  const script = fileURLToPath(new URL(program, import.meta.url));
  const waiting = new Map<number, Waiting>();
  const errors: string[] = [];
  let world: World = {};
  let child: ChildProcess | undefined;
  /** Counts starts and kills: a start that was overtaken by one gives up. */
  let turn = 0;
  let requests = 0;

  const failAll = (why: string): void => {
    for (const { reject } of waiting.values()) reject(new Error(`${name} ${why}`));
    waiting.clear();
  };

  async function launch(): Promise<boolean> {
    const launched = spawn(
      process.execPath,
      [
        "--conditions=@breezeway/source",
        `--max-old-space-size=${HEAP_MB}`,
        "--import",
        WORLD,
        script,
        JSON.stringify(settings),
      ],
      { stdio: ["ignore", "ignore", "pipe", "ipc"] },
    );
    child = launched;
    if (launched.pid !== undefined) killWithTest(launched, launched.pid);
    launched.stderr?.setEncoding("utf8").on("data", (text: string) => {
      errors.push(text.trim());
      errors.splice(0, errors.length - LAST_ERRORS);
    });
    // A message to a process that was just killed.
    launched.on("error", () => {});
    launched.send({ world }, () => {});
    const listening = new Promise<boolean>((resolve) => {
      launched.on("message", (message) => {
        if (isListening(message)) resolve(true);
        if (!isReply(message)) return;
        const asked = waiting.get(message.id);
        waiting.delete(message.id);
        if (message.failure === undefined) asked?.resolve(message.value ?? "");
        else asked?.reject(new Error(message.failure));
      });
      launched.once("exit", () => {
        if (child === launched) failAll("has ended");
        resolve(false);
      });
    });
    return listening;
  }

  function request(messageOf: (id: number) => Command | UsageRequest): Promise<string> {
    requests += 1;
    const id = requests;
    return new Promise((resolve, reject) => {
      if (child?.connected !== true) {
        reject(new Error(`${name} is not running`));
        return;
      }
      waiting.set(id, { resolve, reject });
      child.send(messageOf(id), () => {});
    });
  }

  async function kill(): Promise<void> {
    turn += 1;
    const killed = child;
    if (!killed || killed.exitCode !== null || killed.signalCode !== null) return;
    const exited = once(killed, "exit");
    killed.kill("SIGKILL");
    await exited;
  }

  return {
    name,
    errors,
    get pid() {
      return child?.pid;
    },
    async start() {
      turn += 1;
      const mine = turn;
      while (turn === mine && !(await launch())) await delay(RESTART_AFTER_MS);
    },
    kill,
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT"),
    surround(change) {
      world = { ...world, ...change };
      if (child?.connected === true) child.send({ world: change }, () => {});
    },
    ask: (command, argument) => request((id) => ({ id, command, argument })),
    usage: async () => JSON.parse(await request((usage) => ({ usage }))) as Usage,
    [Symbol.asyncDispose]: kill,
  };
}
