/** Runs the same table in workerd (the runtime of Cloudflare Workers), Bun and Deno. */
import { afterAll } from "vitest";
import { describeConformance } from "../../test-support/conformance-suite.ts";
import { createRuntimeBeds } from "../../test-support/runtimes/runtimes.ts";

const runtimes = createRuntimeBeds();
afterAll(() => runtimes.close());

describeConformance(runtimes.beds);
