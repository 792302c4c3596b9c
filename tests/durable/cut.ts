/** Requests whose connection is reset. */
import { connect } from "node:net";

/**
 * Sends a request without reading the response. The returned function resets the connection, as a proxy or a crashing
 * client does. The local runtime notices an orderly close only when it next writes, which a waiting Worker does not do.
 */
export function startRequest(url: string, head: readonly string[] = [], body = ""): () => void {
  const { hostname, port, host, pathname, search } = new URL(url);
  const method = body === "" ? "GET" : "POST";
  const lines = [`${method} ${pathname}${search} HTTP/1.1`, `Host: ${host}`, `Content-Length: ${body.length}`, ...head];
  const socket = connect(Number(port), hostname, () => socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`));
  socket.on("error", () => {});
  // The socket would not close while data is unread.
  socket.resume();
  return () => void socket.resetAndDestroy();
}
