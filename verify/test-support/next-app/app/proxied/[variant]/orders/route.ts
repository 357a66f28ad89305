// The route stands behind the proxy and has no check of its own, so that every refusal comes from
// the proxy.
export function GET(): Response {
  return Response.json({ user: "alice", tenant: "acme" });
}

export function OPTIONS(): Response {
  return new Response(null, { status: 204 });
}
