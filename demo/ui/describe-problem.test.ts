import { HTTP_CODES, reasonOf, type HttpCode } from "@breezeway/shared";
import { expect, it } from "vitest";
import { describeProblem } from "./describe-problem.ts";

/** Codes that nobody can cause by using a page of the demo. */
const NOT_SHOWN: readonly HttpCode[] = ["INTERNAL_ERROR"];

it.each(["CALL_TIMEOUT", "call-timeout"])(
  "describes a failure the same by its code and by its reason (%s)",
  (name) => {
    expect(describeProblem(name)).toMatchObject({ title: "No answer yet", reason: "call-timeout" });
  },
);

it.each(["constructor", "__proto__", "toString", ""])("describes the unknown reason %j", (name) => {
  expect(describeProblem(name).title).toBe("Something went wrong");
});

it("offers the sign-in page for every code with the action login", () => {
  const codes = (Object.keys(HTTP_CODES) as HttpCode[]).filter(
    (code) =>
      HTTP_CODES[code][1] === "login" && code !== "LOGIN_FAILED" && !NOT_SHOWN.includes(code),
  );
  for (const code of codes) expect(describeProblem(reasonOf(code)).action, code).toBe("sign-in");
});
