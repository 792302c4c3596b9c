// Streams of events that are cut after every byte of a whole session. Each reconnection reaches a different process. Five
// readers must receive every status in order, the final one once, and no event twice. A line for each reader.
//
//     deno task test:events [--step=N] [--reader=NAME]
//
// `--step` tries only every N-th byte. It needs Chromium.
import { parseArgs } from "node:util";
import { openChromium } from "./chromium.ts";
import { type Reader, READERS } from "./readers.ts";
import { runAll, runSession } from "./sessions.ts";
import { createUpstream } from "./world.ts";

/** The number of processes, of sessions at a time, and of sessions with several cuts. */
const PROCESSES = 3, AT_ONCE = 60, RANDOM = 60;

const { values } = parseArgs({ options: { step: { type: "string", default: "1" }, reader: { type: "string" } } });
const step = Number(values.step);

const upstream = createUpstream();
const service = serve((request) => upstream.fetch(request));
const page = serve(() => new Response("<!doctype html>", { headers: { "Content-Type": "text/html" } }));
const pageOrigin = originOf(page);
const processes = Array.from({ length: PROCESSES }, () => startProcess(originOf(service), pageOrigin));
const ports = await Promise.all(processes.map(portOf));
const browser = await openChromium(pageOrigin);
let passed = 0, failed = 0;
try {
  const readers: Readonly<Record<string, Reader>> = { ...READERS, "EventSource of Chromium": browser.read };
  for (const [name, read] of Object.entries(readers)) {
    if (values.reader !== undefined && !name.includes(values.reader)) continue;
    if (await tryReader(name, read) === 0) passed++;
    else failed++;
  }
} finally {
  await browser.close();
  for (const process of processes) await process.stdin.close();
  await Promise.all([...processes.map(({ status }) => status), service.shutdown(), page.shutdown()]);
}
console.log(`${passed} passed, ${failed} failed`);
Deno.exit(failed === 0 ? 0 : 1);

/** Cuts every byte of a session of a reader. Returns the number of faults. */
async function tryReader(name: string, read: Reader): Promise<number> {
  const whole = await runSession(upstream, ports, [], read);
  const offsets = Array.from({ length: Math.floor(whole.bytes / step) }, (_, i) => [1 + i * step]);
  const several = Array.from({ length: RANDOM }, () => [0, 1, 2, 3].map(() => Math.ceil(Math.random() * whole.bytes)));
  const start = performance.now();
  const cuts = [...offsets, ...several];
  const sessions = await runAll(cuts, AT_ONCE, (cuts) => runSession(upstream, ports, cuts, read));
  const faults = [whole, ...sessions].map(({ fault }, i) =>
    fault === null ? null : `${cuts[i - 1] ?? "whole"}: ${fault}`
  )
    .filter((fault) => fault !== null);
  const cut = sessions.filter(({ hasCut }) => hasCut).length;
  const connections = sessions.reduce((sum, { connections }) => sum + connections, 0);
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(
    `${name}: a session has ${whole.bytes} bytes; ${offsets.length} offsets and ${RANDOM} times four; ` +
      `${cut} sessions were cut, ${connections} connections, ${seconds} s; ${faults.length} faults`,
  );
  for (const fault of faults.slice(0, 10)) console.log(`  cut after ${fault}`);
  return faults.length;
}

function serve(handle: (request: Request) => Response): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handle);
}

function originOf({ addr }: Deno.HttpServer<Deno.NetAddr>): string {
  return `http://127.0.0.1:${addr.port}`;
}

function startProcess(service: string, origin: string): Deno.ChildProcess {
  const script = new URL("instance.ts", import.meta.url).pathname;
  const args = ["run", "--quiet", "--no-check", "--allow-net", script, service, origin];
  return new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped" }).spawn();
}

async function portOf({ stdout }: Deno.ChildProcess): Promise<number> {
  for await (const bytes of stdout) return Number(new TextDecoder().decode(bytes));
  throw new Error("an instance did not start");
}
