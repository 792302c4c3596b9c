/**
 * Starts the page: `deno task web`. Without credentials in the environment, an emulator of the service is inside.
 *
 *     OCR_CLIENT_ID, OCR_CLIENT_SECRET, OCR_BASE_URL  the service, as for the command line
 *     PORT                                            the port; by default a free one
 *     WEB_SECRET                                      signs the ids of tasks; by default a random one
 *
 * @module
 */
import { describe } from "@ocr-cloud/regions";
import * as E from "fp-ts/lib/Either.js";
import { run, succeed } from "../../scripts/lib/process.ts";
import { ofProcess } from "../../src/cli/cli.ts";
import { openService } from "../../src/cli/open_service.ts";
import { createTerminal } from "../../src/cli/terminal.ts";
import { EXAMPLES } from "./examples.ts";
import { createSite, type SiteFile } from "./site.ts";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
  jpg: "image/jpeg",
  png: "image/png",
};

const io = ofProcess();
const terminal = createTerminal(io);
const isEmulated = (io.env.OCR_CLIENT_ID ?? "") === "";
const opened = await openService(
  { emulate: isEmulated, concurrency: 1, rate: null },
  io,
  terminal,
  ({ error }) => void terminal.say(describe(error)),
);
if (E.isLeft(opened)) {
  terminal.say(opened.left);
  Deno.exit(1);
}
// With the default schedule, since that of the command line's emulator polls often, to show each status.
const service = { ...opened.right.service, schedule: undefined };
const about = isEmulated
  ? "Images go to an emulator of the service on this machine."
  : `Images go to the service at ${service.baseUrl}.`;
const site = createSite({ service, secret: io.env.WEB_SECRET ?? crypto.randomUUID(), files: await readFiles(about) });
const server = Deno.serve({
  hostname: "127.0.0.1",
  port: Number(io.env.PORT ?? 0),
  // Ctrl-C, among others.
  signal: io.signal,
  onListen: ({ port }) => console.log(`${about}\nOpen http://127.0.0.1:${port}/ (Ctrl-C stops it)`),
}, site);
endWithParent();
await server.finished;
await opened.right.close();

/** Reads the files of the page, and bundles its script. */
async function readFiles(about: string): Promise<ReadonlyMap<string, SiteFile>> {
  const path = (name: string): string => new URL(name, import.meta.url).pathname;
  const read = async (name: string, at = name): Promise<readonly [string, SiteFile]> => [
    `/${name}`,
    { body: await Deno.readFile(path(at)), type: typeOf(name) },
  ];
  const [html, script, ...others] = await Promise.all([
    Deno.readTextFile(path("index.html")),
    bundle(path("main.ts"), path("deno.json")),
    read("style.css"),
    read("icon.svg"),
    ...EXAMPLES.map(({ file }) => read(`pages/${file}`, `../pages/${file}`)),
  ]);
  return new Map([
    ["/", { body: encode(html.replace("<!-- service -->", about)), type: typeOf("index.html") }],
    ["/main.js", { body: encode(script), type: typeOf("main.js") }],
    ...others,
  ]);
}

async function bundle(main: string, config: string): Promise<string> {
  const command = [Deno.execPath(), "bundle", "--quiet", "--minify", "--platform=browser", "--config", config, main];
  return succeed(await run(command), "deno bundle");
}

function typeOf(name: string): string {
  return TYPES[name.slice(name.lastIndexOf(".") + 1)];
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Exits when the process that started this one is gone, so that no server is left behind. */
function endWithParent(): void {
  const parent = Deno.ppid;
  Deno.unrefTimer(setInterval(() => {
    if (Deno.ppid !== parent) Deno.exit(0);
  }, 1000));
}
