import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../suite/root.ts";
import { guideAppProblems, guideApps, guidePackages } from "./guide-apps.ts";

const SERVER = (answer: string): string => `
import { createServer } from "node:http";
const answer = ${answer};
createServer((request, response) => {
  const token = request.headers.authorization?.slice(7);
  const [status, body] = answer(token);
  response.writeHead(status).end(JSON.stringify(body));
}).listen(Number(process.env.PORT), "127.0.0.1");`;

const page = (answer: string): string =>
  [
    '<!-- file: package.json -->\n\n```json\n{ "type": "module" }\n```\n',
    `## One\n\n\`\`\`sh\nnpm i one -D two\n\`\`\`\n\n<!-- file: server.ts -->\n\n\`\`\`ts${SERVER(answer)}\n\`\`\``,
    "## Elsewhere\n\nNothing to run.",
  ].join("\n");

const RIGHT = `(token) => token ? [200, { token }] : [401, { reason: "token-missing" }]`;

let project: string;
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "breezeway-guide-apps-"));
  const issuer = SERVER(`() => [200, "a.b.c"]`).replace("JSON.stringify(body)", "body");
  await writeFile(join(project, "issuer.mjs"), issuer);
});
afterAll(() => rm(project, { recursive: true, force: true }));

test("finds the files and the packages of each section that has files", () => {
  const apps = guideApps(page(RIGHT));
  expect(apps.map(({ name }) => name)).toEqual(["One"]);
  expect([...(apps[0]?.files.keys() ?? [])]).toEqual(["package.json", "server.ts"]);
  expect(guidePackages(page(RIGHT))).toEqual(["one", "two"]);
});

test("accepts an app that refuses a request without a token and returns the token of another", async () => {
  expect(await guideAppProblems(ROOT, project, page(RIGHT))).toEqual([]);
});

test.each([
  ["answers without a token", `(token) => [200, { token }]`, "without a token it answers 200"],
  [
    "returns another token",
    `(token) => token ? [200, { token: "x" }] : [401, { reason: "token-missing" }]`,
    "with a token it answers 200",
  ],
  [
    "refuses a good token",
    `() => [401, { reason: "token-missing" }]`,
    "with a token it answers 401",
  ],
  ["does not start", "process.exit(1)", "fails"],
])("reports an app that %s", async (_what, answer, problem) => {
  const problems = await guideAppProblems(ROOT, project, page(answer));
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain("One");
  expect(problems[0]).toContain(problem);
});

test("reports a page without apps", async () => {
  expect(await guideAppProblems(ROOT, project, "# Nothing")).toHaveLength(1);
});
