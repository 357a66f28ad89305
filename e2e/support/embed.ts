/** The fixture of `@breezeway/playwright`, in the workers of the other specs. */
import { test as embedTest } from "@breezeway/playwright";
import { mergeTests } from "@playwright/test";
import { test as workers } from "./workers.ts";

export const test = mergeTests(workers, embedTest);

export { expect } from "@playwright/test";
