import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../suite/root.ts";
import { COMING_FROM, codeSpans, counterpartsOf, nameIn } from "./coming-from.ts";
import { readDocuments } from "./documents.ts";

const text = await readFile(join(ROOT, COMING_FROM), "utf8");
const rows = counterpartsOf(text);
const documents = await readDocuments(ROOT);

/** Every function, option, claim and other name in the guides of the source systems. */
const SOURCE_NAMES: Readonly<Record<string, readonly string[]>> = {
  "From a platform app bridge": [
    "appBridge getSessionToken JWT header payload signature alg EdDSA typ exp userId tenantId kid",
    "decodeJWT atob decodedToken.payload.userId jwt.io Authorization X-Tenant-ID",
    "createAppBridge method.call method.expose event.subscribe event.publish getAppToken",
    "getCurrentCustomerId setupCompleted setupUrl connectUrl disconnectUrl isExposed callMethod",
    "exposeMethod isMethodExposed getCurrentTime CustomerChanged AppBridge StrictMode menuItems",
    "configurationUrl appLauncher",
  ].flatMap((names) => names.split(" ")),
  "From a session server": [
    "verifySession Express Hapi Fastify Koa Loopback Lambda Netlify Next.js NestJS Go FastAPI Flask",
    "Django getAccessTokenPayload getAccessToken SessionRequest SessionEvent SessionContext",
    "SessionContainer AuthGuard @Session() superTokensNextWrapper preHandler pre intercept",
    "session.VerifySession GetSessionFromRequestContext GetAccessTokenPayload verify_session Depends",
    "get_access_token_payload g.supertokens request.supertokens framework.django.asyncio asyncio",
    "syncio getAllSessionHandlesForUser getSessionInformation accessTokenPayload",
    "GetAllSessionHandlesForUser GetSessionInformation get_all_session_handles_for_user",
    "get_session_information PasswordlessAuth useSessionContext doesSessionExist getUserId",
    "getAccessTokenPayloadSecurely supertokens-website supertokens supertokens-react-native",
    "exposeAccessTokenToFrontendInCookieBasedAuth SuperTokens.init connectionURI appInfo apiDomain",
    "appName websiteDomain recipeList Session.init getTenantId tId header-based HttpOnly /getJWT",
  ].flatMap((names) => names.split(" ")),
  "From hosted session tokens in Dart and Flutter": [
    "clerk_auth Auth AuthConfig publishableKey persistor DefaultPersistor getCacheDirectory",
    "initialize sessionTokenStream listen null clerk_flutter ClerkAuth.of StreamBuilder",
    "snapshot.data http.get Authorization Bearer sessionTokenPolling sub sid iat exp azp org_id",
    "org_role org_permissions decodeJwtPayload base64Url.normalize verifyToken secretKey",
    "payload.sub 401 Unauthorized getValidToken first RS256 HTTPS",
  ].flatMap((names) => names.split(" ")),
};

function sectionOf(heading: string): string {
  const [, section = ""] = text.split(`\n## ${heading}\n`);
  return section.split("\n## ", 1)[0] ?? "";
}

describe.each(Object.entries(SOURCE_NAMES))("%s", (heading, names) => {
  test.each(names)("the section names %s", (name) => {
    const words = sectionOf(heading);
    const escaped = name.replaceAll(/[^\w]/gu, String.raw`\$&`);
    expect(words).toMatch(new RegExp(`(?<![\\w-])${escaped}(?![\\w])`));
  });

  test("starts with steps in their order", () => {
    const steps = Array.from(sectionOf(heading).matchAll(/^(\d)\. /gmu), (match) => match[1]);
    expect(steps).toEqual(Array.from(steps, (_, index) => String(index + 1)));
    expect(steps.length).toBeGreaterThan(2);
  });
});

test("the tables have a row for each line of the page that looks like one", () => {
  expect(rows.length).toBeGreaterThan(100);
  expect(rows.filter(({ there }) => there === "")).toEqual([]);
});

describe.each(rows)("the row $line: $there", ({ here, example, pages }) => {
  test("has an example and a linked page that uses the names of the counterpart", () => {
    expect(example).not.toBe("");
    const linked = documents.filter(({ path }) => pages.includes(path));
    expect(linked).toHaveLength(pages.length);
    expect(pages.length).toBeGreaterThan(0);
    const [name = ""] = codeSpans(here).map(nameIn);
    const shown = linked.filter((page) => page.text.includes(name));
    expect(shown, `no linked page has "${name}"`).not.toEqual([]);
  });
});
