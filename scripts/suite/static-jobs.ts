/** What reads the sources without running them; part of the quick loop and of the full run. */
import type { Job } from "./jobs.ts";
import { checkJob, toolJob } from "./tools.ts";

export function staticJobs(): Job[] {
  return [
    toolJob("types", ["tsc", "-b"]),
    toolJob("format", [
      "prettier",
      "--check",
      "--log-level=warn",
      "--cache",
      "--cache-location=.cache/prettier",
      ".",
    ]),
    toolJob("lint", ["oxlint", "--type-aware", "--deny-warnings"]),
    checkJob("import boundaries", ["boundaries"]),
    checkJob("one transport file per side", ["transport"]),
  ];
}
