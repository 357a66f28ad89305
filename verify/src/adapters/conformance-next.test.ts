/** Runs the same table through Next.js, in a separate file because its compiler takes some seconds. */
import { afterAll } from "vitest";
import { createNextBeds } from "../../test-support/beds/next.ts";
import { describeConformance } from "../../test-support/conformance-suite.ts";

const next = createNextBeds();
afterAll(() => next.close());

describeConformance(next.beds);
