/**
 * The checks that read the sources without running them. The quick loop and the full run include
 * them.
 */
import type { Job } from "./jobs.ts";
import { checkJob, toolJob } from "./tools.ts";

export function staticJobs(): Job[] {
  return [
    toolJob("types", ["tsc", "-b"]),
    toolJob("format", ["oxfmt", "--check"]),
    toolJob("lint", ["oxlint", "--type-aware", "--deny-warnings"]),
    checkJob("import boundaries", ["boundaries"]),
    checkJob("one file per side that reaches other windows", ["transport"]),
    checkJob("plain prose", ["prose"]),
  ];
}
