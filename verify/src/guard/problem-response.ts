/** Sends a problem as the response, for the two kinds of responses that frameworks have. */
import type { ServerResponse } from "node:http";
import type { ProblemResponse } from "@breezeway/shared";

export function sendProblem(response: ServerResponse, problem: ProblemResponse): void {
  response.writeHead(problem.status, problem.headers).end(problem.body);
}

export function problemResponse({ status, headers, body }: ProblemResponse): Response {
  return new Response(body, { status, headers });
}
