/**
 * The service behind every contender. It answers on plain sockets, so that it is never the slowest
 * part.
 */
import { createServer, type AddressInfo } from "node:net";

const body = JSON.stringify({ id: 7, customer: "ACME", total: 4_200, lines: [1, 2, 3] });
const answer = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: keep-alive\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

const server = createServer({ noDelay: true }, (socket) => {
  let pending = "";
  socket.setEncoding("latin1");
  socket.on("error", () => {});
  socket.on("data", (chunk: string) => {
    pending += chunk;
    let end = pending.indexOf("\r\n\r\n");
    while (end !== -1) {
      pending = pending.slice(end + 4);
      socket.write(answer, "latin1");
      end = pending.indexOf("\r\n\r\n");
    }
  });
});
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
