/** Runs one table through every adapter, each with its real framework on a real socket. */
import { frameworkBeds } from "../../test-support/beds/frameworks.ts";
import { lambdaBeds } from "../../test-support/beds/lambda.ts";
import { describeConformance } from "../../test-support/conformance-suite.ts";

describeConformance([...frameworkBeds, ...lambdaBeds]);
