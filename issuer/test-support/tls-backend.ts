/** A backend over TLS with a self-signed certificate for `backend.test`. */
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";

// This key is for tests only and protects nothing.
const KEY = `
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJ7DT9W/FkUR6YCBi
keGgAQTusCp7sMFSjcEMcFQiWZChRANCAARenahwBkndKHreqSKhm6cHkzFxqW5+
c5X6+WJwndnwTvGpLE5J7axyLWaa6Dq/AgnYZh4gEihlYCMhMM8LNEeF
-----END PRIVATE KEY-----
`;

export const CERTIFICATE = `
-----BEGIN CERTIFICATE-----
MIIBnzCCAUSgAwIBAgIUfsvwBdwf7pEDo5kVI2NvapE+xPgwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMYmFja2VuZC50ZXN0MCAXDTI2MTEyMjA2NDYxNFoYDzIxMjYx
MDI5MDY0NjE0WjAXMRUwEwYDVQQDDAxiYWNrZW5kLnRlc3QwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAARenahwBkndKHreqSKhm6cHkzFxqW5+c5X6+WJwndnwTvGp
LE5J7axyLWaa6Dq/AgnYZh4gEihlYCMhMM8LNEeFo2wwajAdBgNVHQ4EFgQU1eVi
Q7wj4TlHkowVG1KX0m1jQ1AwHwYDVR0jBBgwFoAU1eViQ7wj4TlHkowVG1KX0m1j
Q1AwDwYDVR0TAQH/BAUwAwEB/zAXBgNVHREEEDAOggxiYWNrZW5kLnRlc3QwCgYI
KoZIzj0EAwIDSQAwRgIhALwwVbZGnI/Qhpx7KZG1k+YLcs4+Fx2a6QzDvF4yIMzi
AiEA3b6mYS+AXEwQYVlNsZnNWm3GbqYRNJOfgfbcQ/Cb8mY=
-----END CERTIFICATE-----
`;

export interface TlsBackend {
  readonly port: number;
  /** TCP connections, including those without a TLS handshake. */
  readonly connections: number;
  close(): Promise<void>;
}

export async function startTlsBackend(): Promise<TlsBackend> {
  const server = createServer({ key: KEY, cert: CERTIFICATE }, (_request, response) => {
    response.writeHead(204).end();
  });
  let connections = 0;
  server.on("connection", () => (connections += 1));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
