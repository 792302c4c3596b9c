// An instance of the handler in a process of its own. Arguments: the address of the service, and the origin of a page.
// It prints its port, and ends with its standard input.
import { createInstance } from "./world.ts";

const [service, origin] = Deno.args;
const handle = createInstance((request) => {
  const { pathname, search } = new URL(request.url);
  return fetch(new URL(pathname + search, service), { signal: request.signal });
}, [origin]);
const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: ({ port }) => console.log(port) }, handle);
for await (const _ of Deno.stdin.readable);
await server.shutdown();
