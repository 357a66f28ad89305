import type { ServerResponse } from "node:http";
import type { ProblemResponse } from "@breezeway/shared";

/** Answers a request with a problem. For every framework that shows Node's own response. */
export function sendProblem(response: ServerResponse, problem: ProblemResponse): void {
  response.writeHead(problem.status, problem.headers).end(problem.body);
}
