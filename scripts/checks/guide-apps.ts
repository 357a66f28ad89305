/**
 * Backends as a reader of `docs/guides/get-jwt.md` writes them: every file is a block of the page as it
 * stands, the packages are the installed tarballs, and the route answers to a real issuer's token.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { freePort } from "@breezeway/test-support/free-port";
import { runProgram, startProgram } from "@breezeway/test-support/processes";
import { namedFiles } from "../docs/markdown.ts";

export const GUIDE = "docs/guides/get-jwt.md";

export interface GuideApp {
  /** The section's heading. */
  readonly name: string;
  /** The packages of its `npm i` lines. */
  readonly packages: readonly string[];
  /** Path in the app's folder → content. */
  readonly files: ReadonlyMap<string, string>;
}

/** The apps of the page, one for each section that has files. */
export function guideApps(markdown: string): GuideApp[] {
  const [preamble = "", ...sections] = markdown.split(/^## /mu);
  const common = namedFiles(preamble);
  return sections.flatMap((section) => {
    const own = namedFiles(section);
    if (own.size === 0) return [];
    const lines = [...section.matchAll(/^npm i (.+)$/gmu)].flatMap(([, names = ""]) =>
      names.split(" ").filter((name) => name !== "-D"),
    );
    const [name = ""] = section.split("\n");
    return [{ name, packages: lines, files: new Map([...common, ...own]) }];
  });
}

/** All packages that the apps of the page install. */
export function guidePackages(markdown: string): readonly string[] {
  return [...new Set(guideApps(markdown).flatMap(({ packages }) => packages))];
}

/** Starts each app in a folder of `project`, where everything is installed, and asks its route. */
export async function guideAppProblems(
  root: string,
  project: string,
  markdown: string,
): Promise<string[]> {
  const apps = guideApps(markdown);
  if (apps.length === 0) return [`${GUIDE} has no app`];
  const env = { ...process.env, NODE_OPTIONS: "" } as Record<string, string>;
  const port = await freePort(apps.length);
  await using issuer = await startProgram(process.execPath, ["issuer.mjs"], port, {
    cwd: project,
    env: { ...env, PORT: String(port) },
  });
  const problems = await Promise.all(
    apps.map(async (app, index) => {
      try {
        const place = { root, project, issuerPort: port, port: port + 1 + index, env };
        return await problemsOf(app, place);
      } catch (error) {
        return [`the app of the section "${app.name}" fails: ${String(error)}`];
      }
    }),
  );
  const found = problems.flat();
  return found.length === 0 ? [] : [...found, issuer.output()].filter((text) => text !== "");
}

interface Place {
  readonly root: string;
  readonly project: string;
  readonly issuerPort: number;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
}

async function problemsOf(app: GuideApp, place: Place): Promise<string[]> {
  const { port, project, root } = place;
  const cwd = join(project, "apps", app.name.replaceAll(/\W+/gu, "-"));
  for (const [path, content] of app.files) {
    await mkdir(dirname(join(cwd, path)), { recursive: true });
    await writeFile(join(cwd, path), content);
  }
  const env = {
    ...place.env,
    NEXT_TELEMETRY_DISABLED: "1",
    PORT: String(port),
    BREEZEWAY_ISSUER: `http://127.0.0.1:${place.issuerPort}/auth`,
  };
  // The compiler of this repository stands for the reader's.
  if (usesDecorators(app)) await runProgram(join(root, "node_modules/.bin/tsc"), [], { cwd, env });
  // Ends by SIGTERM: Next.js has processes of its own, which it then ends too.
  await using program = await startProgram(process.execPath, commandOf(app, place), port, {
    cwd,
    env,
  });
  const found: string[] = [];
  for (const path of app.files.has("session.ts") ? ["/getJWT", "/api/getJWT"] : ["/getJWT"]) {
    const problem = await routeProblem(`http://127.0.0.1:${port}${path}`, place.issuerPort);
    if (problem !== undefined)
      found.push(`"${app.name}": ${path}: ${problem}\n${program.output()}`);
  }
  return found;
}

function usesDecorators({ files }: GuideApp): boolean {
  return [...files.values()].some((code) => /^\s*@\w+\(/mu.test(code));
}

function commandOf(app: GuideApp, { project, port }: Place): readonly string[] {
  if (app.files.has("handler.ts")) return [join(project, "lambda.mjs")];
  if (app.files.has("session.ts")) {
    const next = join(project, "node_modules/next/dist/bin/next");
    return [next, "dev", "--hostname", "127.0.0.1", "--port", String(port)];
  }
  return usesDecorators(app) ? ["dist/server.js"] : ["server.ts"];
}

/** Asks without and with a token. @returns The first wrong answer. */
async function routeProblem(url: string, issuerPort: number): Promise<string | undefined> {
  const bare = await fetch(url);
  const refusal = await bare.text();
  if (bare.status !== 401 || !refusal.includes('"reason":"token-missing"')) {
    return `without a token it answers ${bare.status}: ${refusal.slice(0, 2_000)}`;
  }
  const token = await (await fetch(`http://127.0.0.1:${issuerPort}/mint`)).text();
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  const body = await answer.text();
  const isRight = answer.status === 200 && body === JSON.stringify({ token });
  return isRight ? undefined : `with a token it answers ${answer.status}: ${body.slice(0, 2_000)}`;
}
