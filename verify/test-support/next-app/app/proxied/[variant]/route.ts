export function GET(request: Request): Response {
  return Response.json({ user: request.headers.has("authorization") ? "alice" : null });
}
