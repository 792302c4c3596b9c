// What the library adds to a Worker or a page: five real programs, bundled and minified as for Cloudflare, against
// size.json (bytes, gzip): over its limit a program fails; its aim is where it should be. A program for pages counts
// without fp-ts, io-ts and rxjs. And what an import of the library costs, in CPU time, against an empty script.
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { esbuild, installTools, nodePath, NODES } from "./lib/npm.ts";
import { install, packWithDeno } from "./lib/pack.ts";
import { run, succeed } from "./lib/process.ts";
import limits from "./size.json" with { type: "json" };

/** Runs of each script; the median counts. */
const RUNS = 15;

const SERVICE = `connect({ credentials: { clientId: env.OCR_CLIENT_ID, clientSecret: env.OCR_CLIENT_SECRET } })`;

const PROGRAMS: Readonly<Record<keyof typeof limits, string>> = {
  "decode only": `
    import { decodeResponse, isFinal } from "@ocr-cloud/regions/core";
    export default {
      async fetch(request) {
        const status = decodeResponse(await request.json());
        return status._tag === "Left"
          ? Response.json(status.left, { status: 502 })
          : Response.json({ ...status.right, final: isFinal(status.right) });
      },
    };`,
  "watch one id": `
    import { connect, watchRegions } from "@ocr-cloud/regions";
    import { lastValueFrom } from "rxjs";
    export default {
      async fetch(request, env) {
        const id = new URL(request.url).pathname.slice(1);
        return Response.json(await lastValueFrom(watchRegions(id, { signal: request.signal })(${SERVICE})));
      },
    };`,
  "submit and watch": `
    import { connect, detectRegions } from "@ocr-cloud/regions";
    import { lastValueFrom } from "rxjs";
    export default {
      async fetch(request, env) {
        const image = await request.arrayBuffer();
        const statuses = detectRegions(image, { dsrMode: "LineDetector" }, { signal: request.signal });
        return Response.json(await lastValueFrom(statuses(${SERVICE})));
      },
    };`,
  "subscribe in a page": `
    import { fromEventStream, match } from "@ocr-cloud/regions/client";
    import { toSvg } from "@ocr-cloud/regions/page";
    const toHtml = match({
      Pending: () => "queued",
      Processing: () => "working",
      Completed: ({ regions }) => toSvg(regions, { image: "/image.png", width: 100, height: 100 }),
      Error: ({ messages }) => messages.join(" "),
      NotExist: () => "gone",
    });
    fromEventStream(location.hash.slice(1)).subscribe((reply) => {
      document.body.innerHTML = reply._tag === "Right" ? toHtml(reply.right) : reply.left._tag;
    });`,
  "everything": `
    import * as client from "@ocr-cloud/regions/client";
    import * as server from "@ocr-cloud/regions/server";
    import * as regions from "@ocr-cloud/regions";
    import * as durable from "@ocr-cloud/regions/durable-object";
    import { emulate } from "@ocr-cloud/regions/emulator";
    import * as page from "@ocr-cloud/regions/page";
    import * as pageReader from "@ocr-cloud/regions/page-reader";
    export { client, durable, emulate, page, pageReader, regions, server };`,
};

/** The programs that count without the packages that the public types are made of. */
const WITHOUT_PEERS: readonly string[] = ["subscribe in a page"];

/** The columns of the table, and the packages that each counts. */
const SHARES: readonly (readonly [column: string, packages: readonly string[]])[] = [
  ["this library", ["@ocr-cloud/regions"]],
  ["io-ts", ["io-ts"]],
  ["fp-ts", ["fp-ts"]],
  ["rxjs", ["rxjs", "tslib"]],
  ["saxes", ["saxes", "xmlchars"]],
  ["SSE parser", ["eventsource-parser"]],
  ["program", [""]],
];

/** What is imported cold: the library's entry points, and what they consist of. */
const IMPORTS: readonly (readonly [name: string, specifiers: readonly string[]])[] = [
  ["an empty script", []],
  [".", ["@ocr-cloud/regions"]],
  ["./core", ["@ocr-cloud/regions/core"]],
  ["rxjs", ["rxjs"]],
  ["io-ts", ["io-ts"]],
  ["fp-ts, as ./core", ["fp-ts/lib/Either.js", "fp-ts/lib/Option.js"]],
];

/** What is used of esbuild's account of a bundle. */
interface Metafile {
  readonly outputs: Readonly<
    Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>
  >;
}

const root = join(import.meta.dirname ?? ".", "..");
const folder = await Deno.makeTempDir();
let isOver = false;
try {
  const tools = await installTools(["esbuild", "node"]);
  const { consumer } = await install(await packWithDeno(root, folder), join(folder, "consumer"));
  isOver = await showSizes(tools, consumer);
  await showImports(tools, consumer);
} finally {
  await Deno.remove(folder, { recursive: true });
}
Deno.exit(isOver ? 1 : 0);

/** Prints the sizes; whether one is over its limit. */
async function showSizes(tools: string, consumer: string): Promise<boolean> {
  showRow("bundle, bytes", ["minified", "gzip", "limit", "aim", ...SHARES.map(([column]) => column)]);
  let isOver = false;
  for (const [name, program] of Object.entries(PROGRAMS)) {
    const external = WITHOUT_PEERS.includes(name) ? ["fp-ts", "io-ts", "rxjs"] : [];
    const { code, inputs } = await bundle(tools, consumer, program, external);
    const minified = code.byteLength, gzip = gzipSync(code, { level: 9 }).byteLength;
    const { limit, aim } = limits[name as keyof typeof limits];
    const shares = SHARES.map(([, packages]) => {
      const bytes = packages.reduce((sum, name) => sum + (inputs.get(name) ?? 0), 0);
      return `${bytes} ${Math.round(100 * bytes / minified)} %`;
    });
    const judgement = gzip > limit ? "OVER ITS LIMIT" : gzip > aim ? "above its aim" : "";
    showRow(name, [minified, gzip, limit, aim, ...shares, judgement]);
    if (gzip > limit) isOver = true;
  }
  console.log();
  return isOver;
}

function showRow(name: string, cells: readonly (string | number)[]): void {
  console.log((name.padEnd(20) + cells.map((cell) => String(cell).padStart(14)).join("")).trimEnd());
}

/** The minified bundle, and how many of its bytes come from which package. */
async function bundle(
  tools: string,
  consumer: string,
  program: string,
  external: readonly string[],
): Promise<{ readonly code: Uint8Array; readonly inputs: ReadonlyMap<string, number> }> {
  const [entry, outfile, metafile] = ["program.js", "out.js", "meta.json"].map((file) => join(consumer, file));
  await Deno.writeTextFile(entry, program);
  // As Cloudflare's wrangler does.
  const options = ["--platform=browser", "--conditions=workerd,worker,browser", "--format=esm", "--target=es2022"];
  const files = [entry, `--outfile=${outfile}`, `--metafile=${metafile}`];
  const outside = external.map((name) => `--external:${name}`);
  await esbuild(tools, consumer, ["--bundle", "--minify", ...options, ...outside, ...files]);
  const { outputs }: Metafile = JSON.parse(await Deno.readTextFile(metafile));
  const inputs = new Map<string, number>();
  for (const [file, { bytesInOutput }] of Object.values(outputs).flatMap(({ inputs }) => Object.entries(inputs))) {
    const name = /.*node_modules\/(@[^/]+\/[^/]+|[^/]+)/.exec(file)?.[1] ?? "";
    inputs.set(name, (inputs.get(name) ?? 0) + bytesInOutput);
  }
  return { code: await Deno.readFile(outfile), inputs };
}

async function showImports(tools: string, consumer: string): Promise<void> {
  const runtimes: readonly (readonly [name: string, command: readonly string[]])[] = [
    ["Deno", [Deno.execPath(), "run", "--quiet", "--no-check", "--node-modules-dir=manual"]],
    ["Node.js 20", [nodePath(tools, NODES[0])]],
  ];
  const times = IMPORTS.map(() => runtimes.map((): number[] => []));
  for (const [index, [, specifiers]] of IMPORTS.entries()) {
    const script = specifiers.map((specifier) => `import "${specifier}";\n`).join("");
    await Deno.writeTextFile(join(consumer, `import${index}.mjs`), script);
  }
  // Round by round, so that whatever else the machine does falls upon all; the first fills the caches of compiled code.
  for (let round = 0; round <= RUNS; round++) {
    for (const index of IMPORTS.keys()) {
      for (const [column, [, command]] of runtimes.entries()) {
        const ms = await cpuTime([...command, join(consumer, `import${index}.mjs`)], consumer);
        if (round > 0) times[index][column].push(ms);
      }
    }
  }
  showRow("import, CPU ms", runtimes.map(([name]) => name));
  for (const [index, [name]] of IMPORTS.entries()) {
    const cells = times[index].map((runs, column) => {
      const ms = median(runs);
      return `${ms.toFixed(0)} ${(ms / median(times[0][column])).toFixed(1)} x`;
    });
    showRow(name, cells);
  }
}

/** User and system time of a program, in milliseconds. Of what Deno knows of a child, none is its time; bash tells. */
async function cpuTime(command: readonly string[], cwd: string): Promise<number> {
  const outcome = await run(["bash", "-c", 'TIMEFORMAT="%3U %3S"; time "$@"', "bash", ...command], { cwd });
  succeed(outcome, command.join(" "));
  const [user, system] = outcome.stderr.split("\n").at(-1)?.split(" ").map(Number) ?? [];
  return 1000 * (user + system);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
