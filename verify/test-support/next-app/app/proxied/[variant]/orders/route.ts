// The route is behind the proxy and checks nothing itself, so that every refusal comes from
// the proxy.
export function GET(): Response {
  return Response.json({ user: "alice", tenant: "acme" });
}

export function OPTIONS(): Response {
  return new Response(null, { status: 204 });
}
