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

/** The requests to a process that it has not answered. */
interface OpenRequests {
  readonly send: (child: ChildProcess | undefined, messageOf: RequestOf) => Promise<string>;
  /** Settles the request that the message answers, if it answers one. */
  readonly settle: (message: unknown) => void;
  readonly failAll: (why: string) => void;
}

type RequestOf = (id: number) => Command | UsageRequest;

function createOpenRequests(name: string): OpenRequests {
  const waiting = new Map<number, Waiting>();
  let requests = 0;
  return {
    send: (child, messageOf) =>
      new Promise((resolve, reject) => {
        if (child?.connected !== true) {
          reject(new Error(`${name} is not running`));
          return;
        }
        requests += 1;
        waiting.set(requests, { resolve, reject });
        child.send(messageOf(requests), () => {});
      }),
    settle: (message) => {
      if (!isReply(message)) return;
      const asked = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.failure === undefined) asked?.resolve(message.value ?? "");
      else asked?.reject(new Error(message.failure));
    },
    failAll: (why) => {
      for (const { reject } of waiting.values()) reject(new Error(`${name} ${why}`));
      waiting.clear();
    },
  };
}

/** Starts the program, which ends with the test, in these surroundings. */
function spawnProgram(script: string, settings: object, world: World): ChildProcess {
  const child = spawn(
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
  if (child.pid !== undefined) killWithTest(child, child.pid);
  // A message to a process that was just killed.
  child.on("error", () => {});
  child.send({ world }, () => {});
  return child;
}

async function killChild(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

export function createPart({ name, program, settings }: PartOptions): Part {
  const script = fileURLToPath(new URL(program, import.meta.url));
  const requests = createOpenRequests(name);
  const errors: string[] = [];
  let world: World = {};
  let child: ChildProcess | undefined;
  /** Counts starts and kills: a start that was overtaken by one gives up. */
  let turn = 0;

  /** @returns false when it ended before it listened */
  function launch(): Promise<boolean> {
    const launched = spawnProgram(script, settings, world);
    child = launched;
    launched.stderr?.setEncoding("utf8").on("data", (text: string) => {
      errors.push(text.trim());
      errors.splice(0, errors.length - LAST_ERRORS);
    });
    launched.on("message", requests.settle);
    return new Promise((resolve) => {
      launched.on("message", (message) => {
        if (isListening(message)) resolve(true);
      });
      launched.once("exit", () => {
        if (child === launched) requests.failAll("has ended");
        resolve(false);
      });
    });
  }

  async function kill(): Promise<void> {
    turn += 1;
    await killChild(child);
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
    ask: (command, argument) => requests.send(child, (id) => ({ id, command, argument })),
    usage: async () => JSON.parse(await requests.send(child, (usage) => ({ usage }))) as Usage,
    [Symbol.asyncDispose]: kill,
  };
}
