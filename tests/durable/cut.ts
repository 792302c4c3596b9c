/** A request whose connection is cut. */
import { connect } from "node:net";

/**
 * Sends a request and reads no answer. The result cuts the connection with a reset, as a proxy or a dying client does:
 * an orderly end is noticed by the local runtime only when it next writes, which a Worker that waits does not.
 */
export function startRequest(url: string, head: readonly string[] = [], body = ""): () => void {
  const { hostname, port, host, pathname, search } = new URL(url);
  const method = body === "" ? "GET" : "POST";
  const lines = [`${method} ${pathname}${search} HTTP/1.1`, `Host: ${host}`, `Content-Length: ${body.length}`, ...head];
  const socket = connect(Number(port), hostname, () => socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`));
  socket.on("error", () => {});
  // Unread, the answer would keep the socket from its end.
  socket.resume();
  return () => void socket.resetAndDestroy();
}
