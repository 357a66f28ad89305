import { HTTP_CODES, reasonOf, type HttpCode } from "@breezeway/shared";
import { expect, it } from "vitest";
import { describeProblem } from "./describe-problem.ts";

/** Answers that no page of the demo can cause by what a person does there. */
const NOT_SHOWN: readonly HttpCode[] = ["INTERNAL_ERROR"];

it.each(["CALL_TIMEOUT", "call-timeout"])(
  "knows a failure by its code and by its reason",
  (name) => {
    expect(describeProblem(name)).toMatchObject({ title: "No answer yet", reason: "call-timeout" });
  },
);

it.each(["constructor", "__proto__", "toString", ""])("has plain words for %j", (name) => {
  expect(describeProblem(name).title).toBe("Something went wrong");
});

it("sends everybody to the sign-in page for whom the issuer says so", () => {
  const codes = (Object.keys(HTTP_CODES) as HttpCode[]).filter(
    (code) =>
      HTTP_CODES[code][1] === "login" && code !== "LOGIN_FAILED" && !NOT_SHOWN.includes(code),
  );
  for (const code of codes) expect(describeProblem(reasonOf(code)).action, code).toBe("sign-in");
});
