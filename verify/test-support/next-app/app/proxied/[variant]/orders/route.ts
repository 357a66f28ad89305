// Behind the proxy and with no check of its own: whatever is refused, the proxy refused.
export function GET(): Response {
  return Response.json({ user: "alice", tenant: "acme" });
}

export function OPTIONS(): Response {
  return new Response(null, { status: 204 });
}
