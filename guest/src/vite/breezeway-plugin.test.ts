/** The plugin in Vite itself: its development server, its preview and its build. */
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  build,
  createLogger,
  createServer,
  preview,
  type InlineConfig,
  type PreviewServer,
  type ViteDevServer,
} from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BridgeError } from "../index.ts";
import { breezeway, type BreezewayPluginOptions } from "../vite.ts";

const LIST = ["https://shell.example", "http://localhost:4600"];
const TAG =
  '<meta name="breezeway-host-origins" content="https://shell.example http://localhost:4600">';
const FIRST_IN_HEAD = new RegExp(`<head>\\s*${TAG}`, "u");
const FILE = "/.well-known/breezeway.json";

let root: string;

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "breezeway-vite-")));
  const page = (script: string): string =>
    `<!doctype html><html><head><meta charset="utf-8"><title>App</title></head><body><script type="module" src="${script}"></script></body></html>`;
  await mkdir(join(root, "settings"));
  await mkdir(join(root, "own"));
  await mkdir(join(root, "public/.well-known"), { recursive: true });
  await Promise.all([
    writeFile(join(root, "index.html"), page("/main.js")),
    // A tag in a comment does not count.
    writeFile(
      join(root, "settings/index.html"),
      page("/main.js").replace("<title>", `<!-- ${TAG} --><title>`),
    ),
    writeFile(join(root, "own/index.html"), page("/main.js").replace("<title>", `${TAG}<title>`)),
    writeFile(join(root, "main.js"), `import { text } from "./part.js"; console.log(text);`),
    writeFile(join(root, "part.js"), PART),
    writeFile(
      join(root, `public${FILE}`),
      JSON.stringify({ hostOrigins: ["https://old.example"] }),
    ),
    writeFile(join(root, "server.js"), "export const render = () => 1;"),
  ]);
});

const PART = `export const text = "first"; import.meta.hot?.accept();`;

afterAll(() => rm(root, { recursive: true }));

interface Run {
  readonly config: InlineConfig;
  readonly logged: string[];
}

function runOf(options: unknown, more: InlineConfig = {}): Run {
  const logged: string[] = [];
  const logger = createLogger("silent");
  logger.info = (text) => void logged.push(text);
  const config: InlineConfig = {
    root,
    configFile: false,
    logLevel: "silent",
    customLogger: logger,
    cacheDir: join(root, "cache"),
    publicDir: false,
    plugins: [breezeway(options as BreezewayPluginOptions)],
    server: { host: "127.0.0.1", port: 0 },
    preview: { host: "127.0.0.1", port: 0 },
    ...more,
  };
  return { config, logged };
}

async function served(base: string): Promise<{ server: ViteDevServer; origin: string }> {
  const server = await createServer(runOf({ hostOrigins: LIST }, { base }).config);
  await server.listen();
  return { server, origin: originOf(server) };
}

function originOf({ httpServer }: ViteDevServer | PreviewServer): string {
  const { port } = (httpServer?.address() ?? {}) as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

/** Builds into a folder of its own. */
async function built(options: unknown, more: InlineConfig = {}) {
  const outDir = await mkdtemp(join(root, "dist-"));
  const input = ["index.html", "settings/index.html"].map((page) => join(root, page));
  const { config, logged } = runOf(options, {
    ...more,
    build: { outDir, rolldownOptions: { input }, ...more.build },
  });
  await build(config);
  const read = (file: string): Promise<string> => readFile(join(outDir, file), "utf8");
  return { outDir, logged, read };
}

async function text(url: string, init?: RequestInit): Promise<string> {
  const answer = await fetch(url, init);
  return `${answer.status} ${answer.headers.get("content-type") ?? ""} ${await answer.text()}`;
}

const answered = `200 application/json ${JSON.stringify({ hostOrigins: LIST })}\n`;

describe.each(["/", "/app/"])("with the base %s", (base) => {
  test("the development server answers with the tag in each page and the file at the root", async () => {
    const { server, origin } = await served(base);
    try {
      for (const page of ["", "settings/"]) {
        const html = await text(`${origin}${base}${page}`);
        expect(html).toMatch(FIRST_IN_HEAD);
        // The client of hot module replacement is still there.
        expect(html).toContain(`src="${base}@vite/client"`);
      }
      expect(await text(`${origin}${FILE}`)).toBe(answered);
      expect(await text(`${origin}${FILE}?t=1`, { method: "HEAD" })).toBe("200 application/json ");
      expect((await fetch(`${origin}${FILE}`, { method: "POST" })).status).toBe(404);
    } finally {
      await server.close();
    }
  });

  test("a build has the tag in each page and the file, and a preview serves both", async () => {
    // A file of the same name in `public` gives way.
    const { outDir, logged, read } = await built(
      { hostOrigins: LIST },
      { base, publicDir: "public" },
    );
    for (const page of ["index.html", "settings/index.html"]) {
      expect(await read(page)).toMatch(FIRST_IN_HEAD);
    }
    expect(JSON.parse(await read(`.${FILE}`))).toEqual({ hostOrigins: LIST });
    const note = logged.filter((line) => line.startsWith("breezeway: "));
    expect(note).toHaveLength(base === "/" ? 0 : 1);
    for (const line of note) expect(line).toContain(`base: is "/app/"`);

    const server = await preview(runOf({ hostOrigins: LIST }, { base, build: { outDir } }).config);
    try {
      expect(await text(originOf(server) + base)).toContain(TAG);
      expect(await text(originOf(server) + FILE)).toBe(answered);
    } finally {
      await server.close();
    }
  });
});

test("a changed module replaces itself in the page without a reload", async () => {
  const { server, origin } = await served("/");
  const [, token = ""] = /wsToken = "([^"]+)"/u.exec(await text(`${origin}/@vite/client`)) ?? [];
  const socket = new WebSocket(`${origin.replace("http", "ws")}/?token=${token}`, "vite-hmr");
  const received = new EventTarget();
  const next = (): Promise<string> =>
    new Promise((resolve) => {
      received.addEventListener("message", (event) => resolve((event as CustomEvent).detail), {
        once: true,
      });
    });
  socket.addEventListener("message", ({ data }) => {
    const { type } = JSON.parse(String(data)) as { type: string };
    if (type !== "ping") received.dispatchEvent(new CustomEvent("message", { detail: type }));
  });
  try {
    expect(await next()).toBe("connected");
    // Vite replaces only what the page has loaded, and sees only changes of files that it watches.
    for (const module of ["main.js", "part.js"]) await fetch(`${origin}/${module}`);
    await expect.poll(() => server.watcher.getWatched()[root]).toContain("part.js");
    const update = next();
    await writeFile(join(root, "part.js"), PART.replace("first", "second"));
    expect(await update).toBe("update");
  } finally {
    socket.close();
    await server.close();
  }
});

test("a function chooses the list for the mode of the build", async () => {
  const hostOrigins = ({ mode }: { mode: string }): string[] => [`https://${mode}.shell.example`];
  const { read } = await built({ hostOrigins }, { mode: "staging" });
  expect(await read("index.html")).toContain('content="https://staging.shell.example"');
  expect(JSON.parse(await read(`.${FILE}`))).toEqual({
    hostOrigins: ["https://staging.shell.example"],
  });
});

test("a build for the server has no file", async () => {
  const { outDir } = await built({ hostOrigins: LIST }, { build: { ssr: "server.js" } });
  const files = await readdir(outDir, { recursive: true });
  expect(files.filter((file) => !file.endsWith("js"))).toEqual([]);
  expect(files).not.toEqual([]);
});

test("a build refuses a page with a tag of its own", async () => {
  const input = join(root, "own/index.html");
  const error: unknown = await built(
    { hostOrigins: LIST },
    { build: { rolldownOptions: { input } } },
  ).catch((thrown: unknown) => thrown);
  expect(String(error)).toContain(
    "breezeway: /own/index.html: has a breezeway-host-origins tag of its own. Remove it, and list all hosts in hostOrigins.",
  );
});

const ORIGIN =
  "must be an exact origin such as https://shell.example, without path, trailing slash or *.";
const refused: readonly [unknown, string][] = [
  [undefined, "options: must be an object."],
  [{}, "hostOrigins: is required."],
  [{ hostOrigins: [] }, "hostOrigins: must have at least one origin."],
  [{ hostOrigins: "https://shell.example" }, "hostOrigins: must be of type array."],
  [{ hostOrigins: async () => LIST }, "hostOrigins: must be of type array."],
  [{ hostOrigins: () => ["*"] }, `hostOrigins[0]: ${ORIGIN}`],
  [{ hostOrigins: ["https://shell.example/"] }, `hostOrigins[0]: ${ORIGIN}`],
  [{ hostOrigins: ["https://a.example", 7] }, `hostOrigins[1]: ${ORIGIN}`],
  [{ hostOrigins: ["https://*.shell.example"] }, `hostOrigins[0]: ${ORIGIN}`],
  [{ hostOrigins: ["https://shell.example:443"] }, `hostOrigins[0]: ${ORIGIN}`],
  [{ hostOrigins: ["file:///app"] }, `hostOrigins[0]: ${ORIGIN}`],
  [{ hostOrigins: ["null"] }, `hostOrigins[0]: ${ORIGIN}`],
  [{ hostOrigins: LIST, hostOrigin: 1 }, 'hostOrigin: unknown option. Did you mean "hostOrigins"?'],
];

test.each(refused)("a start with the options %j is refused with %s", async (options, message) => {
  const error: unknown = await createServer(runOf(options).config).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(BridgeError);
  expect(error).toMatchObject({ code: "CONFIG_INVALID", message: `breezeway: ${message}` });
});
