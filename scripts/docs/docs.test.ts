import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { expect, test } from "vitest";
import { run } from "../setup/process.mjs";
import { ROOT } from "../suite/root.ts";
import { readRowExamples } from "./coming-from.ts";
import { readDocuments } from "./documents.ts";
import { ERRORS_PAGE, renderErrorsPage } from "./errors-page.ts";
import {
  compileExamples,
  NEXT_TEMPLATE,
  readExamples,
  VITE_TEMPLATE,
  writeExamples,
} from "./examples.ts";
import { brokenLinks } from "./links.ts";
import { PROTOCOL_PAGE, renderProtocolPage } from "./limits.ts";
import { looseRows } from "./markdown.ts";
import { OPENAPI_FILE, renderOpenApi } from "./openapi.ts";
import { renderReverseProxy, REVERSE_PROXY_FILES, reverseProxyPath } from "./reverse-proxies.ts";
import { GENERATED_VECTORS, renderVectors, vectorPath } from "./vectors.ts";

const NEXT_FILES = join(ROOT, "verify/examples/next");
const rowExamples = await readRowExamples(ROOT, await readDocuments(ROOT));
const examples = [...(await readExamples(ROOT)), ...rowExamples];
const folder = join(ROOT, ".cache/docs-examples");
await writeExamples(folder, examples);

test("every link between the pages has a target", async () => {
  expect(await brokenLinks(ROOT)).toEqual([]);
});

test("every row of a table is inside a table", async () => {
  const documents = await readDocuments(ROOT);
  const loose = documents.flatMap(({ path, text }) =>
    looseRows(text).map((line) => `${path}:${line}`),
  );
  expect(loose).toEqual([]);
});

test("the sizes in the README are the budgets of the size check, rounded up", async () => {
  const readme = await readFile(join(ROOT, "README.md"), "utf8");
  const budgets = JSON.parse(
    await readFile(join(ROOT, "scripts/checks/size-budgets.json"), "utf8"),
  ) as Record<string, { readonly budget: number }>;
  const rows = [...readme.matchAll(/^\| `(@breezeway\/[\w/-]+)`\s+\| (\d+\.\d)\s+\|/gmu)];
  expect(rows).toHaveLength(5);
  for (const [, entry = "", size] of rows) {
    const budget = budgets[entry]?.budget ?? 0;
    expect(Number(size), entry).toBe(Math.ceil(budget / 100) / 10);
  }
});

test("docs/errors.md matches the table of errors (node scripts/docs/errors-page.ts)", async () => {
  expect(await readFile(ERRORS_PAGE, "utf8")).toBe(await renderErrorsPage());
});

test("the limits in docs/protocol.md are those of the sources (node scripts/docs/limits.ts)", async () => {
  const page = await readFile(PROTOCOL_PAGE, "utf8");
  expect(page).toBe(await renderProtocolPage(page));
});

test("docs/openapi.yaml matches the routes and schemas (scripts/docs/openapi.ts)", async () => {
  expect(await readFile(OPENAPI_FILE, "utf8")).toBe(await renderOpenApi());
});

test.each(REVERSE_PROXY_FILES)(
  "examples/reverse-proxies/%s has the gateway's header rules (scripts/docs/reverse-proxies.ts)",
  async (file) => {
    expect(await readFile(reverseProxyPath(file), "utf8")).toBe(await renderReverseProxy(file));
  },
);

test.each(GENERATED_VECTORS)(
  "docs/vectors/%s.json matches its generator (node scripts/docs/vectors.ts)",
  async (name) => {
    expect(await readFile(vectorPath(name), "utf8")).toBe(await renderVectors(name));
  },
);

test("every example compiles against the sources", async () => {
  expect(await compileExamples(folder)).toEqual([]);
});

test("every example for a page compiles in the stock template of Vite", async () => {
  const pages = /^(?:docs__guides__(?!verify|serve|login|operate)|guest__|host__)/u;
  const browser = examples.filter(
    ({ file, source }) => pages.test(file) && /"@breezeway\/(?:guest|host)/u.test(source),
  );
  expect(browser.length).toBeGreaterThan(30);
  const stock = join(ROOT, ".cache/docs-examples-vite");
  await writeExamples(stock, browser, VITE_TEMPLATE);
  expect(await compileExamples(stock)).toEqual([]);
});

test("the files of the Next.js guide compile in a stock project of Next", async () => {
  const names = await readdir(NEXT_FILES, { recursive: true });
  const sources = names.filter((name) => name.endsWith(".ts"));
  expect(sources.length).toBeGreaterThan(3);
  const files = await Promise.all(
    sources.map(async (file) => {
      const source = await readFile(join(NEXT_FILES, file), "utf8");
      return { name: file, file, source, runs: false };
    }),
  );
  const stock = join(ROOT, ".cache/docs-examples-next");
  await writeExamples(stock, files, NEXT_TEMPLATE);
  expect(await compileExamples(stock)).toEqual([]);
});

const running = examples.filter((example) => example.runs);
test.for(running.map((example) => [example.name, example] as const))(
  "the example at %s runs",
  async ([, { file }]) => {
    const args = ["--conditions=@breezeway/source", join(folder, file)];
    const { code, output } = await run(process.execPath, args, { cwd: folder });
    expect(code, output).toBe(0);
  },
);
