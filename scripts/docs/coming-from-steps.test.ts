/**
 * Follows `docs/coming-from.md` word by word: each block goes, as it stands, into the file that the page
 * names, and the files run in the order of the steps. The test brings what the reader has: a login, a
 * secure store, and the address https://shell.example.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "@breezeway/test-support/free-port";
import { findProgram, startProgram, type RunningProgram } from "@breezeway/test-support/processes";
import { ROOT } from "../suite/root.ts";
import { COMING_FROM } from "./coming-from.ts";
import { namedFiles } from "./markdown.ts";

const SECRET = "a-secret-of-these-routes-alone-0123456789";
const page = await readFile(join(ROOT, COMING_FROM), "utf8");
const opened = new AsyncDisposableStack();
afterAll(() => opened.disposeAsync());

/** What the reader has: the names that the page declares, and a proxy at https://shell.example. */
const READER = `
const send = globalThis.fetch;
globalThis.fetch = (input, init) =>
  send(String(input instanceof Request ? input.url : input).replace("https://shell.example", process.env.SHELL_URL), init);
globalThis.yourLogin = async () => ({ id: "alice", tenantId: "acme", scopes: [] });
const entries = new Map();
globalThis.storage = {
  get: (key) => entries.get(key),
  set: (key, value) => entries.set(key, value),
  remove: (key) => entries.delete(key),
};`;

interface Reader {
  /** The folder with the section's files. */
  readonly folder: string;
  /** Where the program that listens at https://shell.example really is. */
  readonly shellUrl: string;
  /** Starts a file of the page that listens. */
  serve(file: string, port?: number): Promise<RunningProgram>;
  /** The result of an expression over the exports of a file of the page. */
  evaluate(file: string, expression: string): Promise<string>;
  /** Starts a file that writes lines and does not end. */
  follow(file: string): ChildProcess;
}

async function readSection(heading: string): Promise<Reader> {
  const [, section = ""] = page.split(`\n## ${heading}\n`);
  const files = namedFiles(section.split("\n## ", 1)[0] ?? "");
  await mkdir(join(ROOT, ".cache"), { recursive: true });
  // Inside the repository, so that the files find the packages.
  const folder = await mkdtemp(join(ROOT, ".cache/coming-from-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  for (const [path, code] of files) await writeFile(join(folder, path), code);
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await writeFile(join(folder, "reader.mjs"), READER);
  const shellPort = await freePort();
  const shellUrl = `http://127.0.0.1:${shellPort}`;
  const env = { SHELL_URL: shellUrl, SESSIONS_SECRET: SECRET, NODE_OPTIONS: "" };
  const flags = ["--conditions=@breezeway/source", "--import", "./reader.mjs"];
  return {
    folder,
    shellUrl,
    async serve(file, port = shellPort) {
      const options = { cwd: folder, env: { ...env, PORT: String(port) } };
      const program = await startProgram(process.execPath, [...flags, file], port, options);
      opened.use(program);
      return program;
    },
    evaluate(file, expression) {
      const script = `import * as page from "./${file}"; console.log(await ${expression}); process.exit();`;
      return outputOf(process.execPath, [...flags, "--input-type=module", "--eval", script], {
        cwd: folder,
        env,
      });
    },
    follow(file) {
      const child = spawn(process.execPath, [...flags, file], {
        cwd: folder,
        env: { ...process.env, ...env },
      });
      opened.defer(() => void child.kill("SIGKILL"));
      return child;
    },
  };
}

async function outputOf(
  command: string,
  args: readonly string[],
  { cwd, env }: { cwd: string; env: Record<string, string> },
): Promise<string> {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env } });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
  }
  await new Promise((resolve) => {
    child.once("close", resolve);
  });
  return chunks.join("").trim();
}

describe("From a session server", () => {
  let reader: Reader;
  let appUrl: string;
  let cookie: string;

  beforeAll(async () => {
    reader = await readSection("From a session server");
    const examples = join(ROOT, "examples/sessions-over-http");
    await cp(join(examples, "server.ts"), join(reader.folder, "session-routes.ts"));
    await cp(join(examples, "client.py"), join(reader.folder, "client.py"));
    await reader.serve("with-routes.ts");
    const port = await freePort();
    await reader.serve("app.ts", port);
    appUrl = `http://127.0.0.1:${port}`;
    const signIn = await fetch(`${reader.shellUrl}/sign-in`, {
      method: "POST",
      redirect: "manual",
    });
    cookie = signIn.headers.get("set-cookie") ?? "";
  });

  const mint = async (): Promise<string> => {
    const answer = await fetch(`${reader.shellUrl}/auth/session/token`, {
      method: "POST",
      headers: {
        cookie: cookie.split(";", 1)[0] ?? "",
        origin: "https://shell.example",
        "sec-fetch-site": "same-origin",
        "x-breezeway-request": "1",
        "content-type": "application/json",
      },
      body: '{"appId":"orders"}',
    });
    return ((await answer.json()) as { token: string }).token;
  };

  test("signing in at your own login sets a cookie that no script can read", () => {
    expect(cookie).toMatch(/^__Host-breezeway=.*HttpOnly/);
  });

  test("/getJWT returns the token, and 401 without one", async () => {
    const token = await mint();
    const authorization = `Bearer ${token}`;
    const answer = await fetch(`${appUrl}/getJWT`, { headers: { authorization } });
    expect(await answer.json()).toEqual({ token });
    expect((await fetch(`${appUrl}/getJWT`)).status).toBe(401);
  });

  test("your own verification reads tenantId in the place of tId, and the key set's first key signs", async () => {
    const token = await mint();
    expect(await reader.evaluate("tenant-of.ts", `page.tenantOf("${token}")`)).toBe("acme");
    const jwks = await fetch(`${reader.shellUrl}/auth/.well-known/jwks.json`);
    const { keys } = (await jwks.json()) as { keys: { kid: string }[] };
    const header = JSON.parse(
      Buffer.from(token.split(".", 1)[0] ?? "", "base64url").toString(),
    ) as object;
    expect(header).toMatchObject({ kid: keys[0]?.kid });
  });

  test("a token with another signature is refused by your own verification", async () => {
    const token = (await mint()).replace(/\.[^.]{4}([^.]*)$/, ".AAAA$1");
    expect(await reader.evaluate("tenant-of.ts", `page.tenantOf("${token}")`)).toContain(
      "signature verification failed",
    );
  });

  const python = findProgram("python3");
  test.skipIf(python === undefined).each(["handles.py", "handles_async.py"])(
    "%s reads the sessions by handle",
    async (file) => {
      const env = { SESSIONS_URL: `${reader.shellUrl}/internal`, SESSIONS_SECRET: SECRET };
      const output = await outputOf(python ?? "", ["-B", file], { cwd: reader.folder, env });
      expect(output).toBe("acme alice");
    },
  );
});

describe("From hosted session tokens in Dart and Flutter", () => {
  let reader: Reader;
  beforeAll(async () => {
    reader = await readSection("From hosted session tokens in Dart and Flutter");
    await reader.serve("server.ts");
  });

  const signIn = async (): Promise<string> => {
    const answer = await fetch(`${reader.shellUrl}/sign-in`, { method: "POST" });
    return ((await answer.json()) as { secret: string }).secret;
  };

  test("the program in JavaScript signs in and gets a token", async () => {
    const child = reader.follow("session.ts");
    const lines: string[] = [];
    const errors: string[] = [];
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => errors.push(chunk));
    if (child.stdout) createInterface(child.stdout).on("line", (line) => lines.push(line));
    await expect.poll(() => lines.at(-1) ?? errors.join("")).toBe("A fresh token");
  });

  test("the requests of a program in Dart get the answers that the page shows", async () => {
    const values = new Map([["secret", await signIn()]]);
    const signedIn = values.get("secret");
    await exchange(reader, "refresh.http", values);
    expect(values.get("secret")).not.toBe(signedIn);
    await exchange(reader, "token.http", values);
    await exchange(reader, "session.http", values);

    const port = await freePort();
    await reader.serve("app.ts", port);
    const headers = { authorization: `Bearer ${values.get("token")}` };
    const url = `http://127.0.0.1:${port}/api/protected`;
    expect(await (await fetch(url, { headers })).json()).toEqual({ userId: "alice" });
    expect((await fetch(url)).status).toBe(401);

    await exchange(reader, "sign-out.http", values);
    await exchange(reader, "over.http", values);
  });
});

/** Sends the request of a block and compares the answer. `{name}` in the answer is kept as a value. */
async function exchange(reader: Reader, file: string, values: Map<string, string>): Promise<void> {
  const text = await readFile(join(reader.folder, file), "utf8");
  const [requestText = "", status = "", answerText = ""] = text.split(/^(\d{3})$/mu);
  const filled = requestText.replaceAll(
    /\{(secret)\}/gu,
    (_, name: string) => values.get(name) ?? "",
  );
  const [head = "", body] = filled.trim().split("\n\n");
  const [requestLine = "", ...headerLines] = head.split("\n");
  const [method = "", url = ""] = requestLine.split(" ");
  const answer = await fetch(url.replace("https://shell.example", reader.shellUrl), {
    method,
    headers: headerLines.map((line): [string, string] => {
      const [name = "", value = ""] = line.split(": ");
      return [name, value];
    }),
    ...(body === undefined ? {} : { body }),
  });
  const got = await answer.text();
  expect([answer.status, got], `${file}: ${got}`).toEqual([Number(status), expect.any(String)]);
  for (const line of answerText.trim().split("\n").filter(Boolean)) {
    if (line.startsWith("{")) expectMembers(JSON.parse(got), line, values);
    else {
      const [name = ""] = line.split(": ");
      expect(answer.headers.get(name), name).toMatch(/^[\w-]{64}$/);
      values.set("secret", answer.headers.get(name) ?? "");
    }
  }
}

function expectMembers(got: unknown, expected: string, values: Map<string, string>): void {
  const members = JSON.parse(expected.replace("{number}", "0")) as Record<string, unknown>;
  for (const [name, value] of Object.entries(members)) {
    const actual = (got as Record<string, unknown>)[name];
    if (value === `{${name}}` && typeof actual === "string") values.set(name, actual);
    else if (typeof value === "number") expect(actual, name).toBeTypeOf("number");
    else expect(actual, name).toEqual(value);
  }
}

describe("From a platform app bridge", () => {
  test("a backend with a JWT library finds the user", async () => {
    const server = await readSection("From hosted session tokens in Dart and Flutter");
    const reader = await readSection("From a platform app bridge");
    await cp(join(server.folder, "server.ts"), join(reader.folder, "server.ts"));
    await reader.serve("server.ts");
    const values = new Map<string, string>();
    const answer = await fetch(`${reader.shellUrl}/sign-in`, { method: "POST" });
    values.set("secret", ((await answer.json()) as { secret: string }).secret);
    await cp(join(server.folder, "token.http"), join(reader.folder, "token.http"));
    await exchange(reader, "token.http", values);
    const userOf = `page.userOf("${values.get("token")}")`;
    expect(await reader.evaluate("user-of.ts", userOf)).toBe("alice");
  });
});
