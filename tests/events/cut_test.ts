import { deepStrictEqual as deepEqual, ok } from "node:assert/strict";
import { READERS } from "./readers.ts";
import { runAll, runSession, type Session } from "./sessions.ts";
import { createInstance, createUpstream } from "./world.ts";

/** Runs sessions against three instances of the handler, which share no memory. */
async function run(sessions: readonly (readonly [reader: string, cuts: readonly number[]])[]): Promise<Session[]> {
  const upstream = createUpstream();
  const servers = Array.from({ length: 3 }, () => {
    const handle = createInstance((request) => Promise.resolve(upstream.fetch(request)), []);
    return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handle);
  });
  const ports = servers.map(({ addr }) => addr.port);
  try {
    return await runAll(sessions, 60, ([reader, cuts]) => runSession(upstream, ports, cuts, READERS[reader]));
  } finally {
    await Promise.all(servers.map((server) => server.shutdown()));
  }
}

for (const reader of Object.keys(READERS)) {
  Deno.test(`${reader} receives every status once, wherever the connection is cut`, async () => {
    const offsets = Array.from({ length: 60 }, (_, i) => 1 + i * 41);
    const sessions = await run(offsets.map((offset) => [reader, [offset]]));
    deepEqual(sessions.map(({ fault }) => fault), sessions.map(() => null));
    ok(sessions.filter(({ hasCut, connections }) => hasCut && connections > 1).length > 30);
  });
}
