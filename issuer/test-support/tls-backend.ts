/** A backend over TLS with a self-signed certificate for `backend.test`. */
import { createServer } from "node:https";
import { listen } from "@breezeway/test-support/listen";

// This key is for tests only and protects nothing.
export const KEY = `
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
  readonly close: () => Promise<void>;
}

export async function startTlsBackend(): Promise<TlsBackend> {
  const server = createServer({ key: KEY, cert: CERTIFICATE }, (_request, response) => {
    response.writeHead(204).end();
  });
  let connections = 0;
  server.on("connection", () => (connections += 1));
  const { port, close } = await listen(server);
  return {
    port,
    get connections() {
      return connections;
    },
    close,
  };
}
