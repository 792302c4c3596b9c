/**
 * Kills the command line while it works on a folder of scans, and continues with `--resume`, again and again. In the end,
 * each page must be in the output, or be reported, and no page may have been sent twice, unless it was reported that it
 * may have been. Then measures the memory of a run that is not killed.
 *
 *     deno task test:crash [--kills=20] [--files=200] [--images=1000] [--seed=1] [--program="node bin.js"]
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isObject, parseJson } from "../../src/internal/json.ts";
import { listFiles } from "../../scripts/lib/files.ts";
import { seeded } from "../../scripts/lib/simulation.ts";
import { check, finish, note, part, pause } from "../durable/checks.ts";
import { type Scans, startCountingServer, writeScans } from "./scans.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "20" },
    files: { type: "string", default: "200" },
    images: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    program: { type: "string" },
  },
});
const kills = Number(values.kills), count = Number(values.files), images = Number(values.images);
const root = new URL("../..", import.meta.url).pathname;
const program = values.program?.split(" ") ??
  [Deno.execPath(), "run", "-A", "--quiet", `--config=${root}/deno.json`, `${root}/src/cli/bin.ts`];

/** The longest time from the first request to a kill, in milliseconds. */
const MAX_LIFE = 1500;
/** The share of kills whose time counts from the start of the process instead. */
const EARLY = 0.2;
/** How much memory may grow from the second quarter of a run to the last one, in MB. */
const MAX_GROWTH = 40;

const random = seeded(Number(values.seed));
const folder = await Deno.makeTempDir({ prefix: "ocr-regions-crash-" });
const server = await startCountingServer();
let killed = 0;
try {
  const scans = await writeScans(folder, "scans", count);
  for (let round = 1; killed < kills; round++) {
    await part(`Round ${round}: ${count} files`, () => runRound(scans, `out${round}`));
  }
  await part(`Memory: ${images} files`, measureMemory);
} finally {
  await server.close();
  await Deno.remove(folder, { recursive: true });
}
Deno.exit(finish() ? 0 : 1);

/** Runs the program on the scans until it ends by itself, and kills it before that as often as it lives long enough. */
async function runRound({ pages, unusable }: Scans, out: string): Promise<void> {
  server.accepted.clear();
  const before = killed;
  let isComplete = false;
  for (let attempt = 0; !isComplete; attempt++) {
    const args = ["detect", "scans", "--out", out, ...attempt === 0 ? [] : ["--resume"]];
    const run = await runProgram(args, { killAt: killed < kills ? killTime() : null });
    isComplete = run.status !== null;
    if (!isComplete) killed++;
    // Before the journal was created, there is nothing to resume, and --resume is accepted all the same.
    else check("the program says that not all images were completed", run.status, 1);
  }
  const unconfirmed = await checkOutput(pages, unusable, out);
  note(`${killed - before} kills, ${unconfirmed.length} unconfirmed`);

  const accepted = new Map(server.accepted);
  const { status } = await runProgram(["detect", "scans", "--out", out, "--resume"]);
  check("a further run says the same", status, 1);
  deepCheck("a further run sends nothing", server.accepted, accepted);

  await runProgram(["detect", "scans", "--out", out, "--resume", "--resubmit"]);
  const missing = await keysWithoutOutput(pages, out);
  check("with --resubmit, all pages are in the output", missing, []);
  const total = [...server.accepted.values()].reduce((sum, n) => sum + n, 0);
  check(
    "pages were sent at most once, and once more if they were reported",
    total <= pages.size + unconfirmed.length,
    true,
  );
  await Deno.remove(join(folder, out), { recursive: true });
}

/** Runs the program on many files, and compares its memory in the second quarter of the files with that in the last. */
async function measureMemory(): Promise<void> {
  await writeScans(folder, "many", images);
  server.accepted.clear();
  const samples: { readonly done: number; readonly megabytes: number }[] = [];
  const { status } = await runProgram(["detect", "many", "--out", "out", "--concurrency", "16"], {
    sample: async (pid) => {
      samples.push({ done: server.accepted.size / images, megabytes: await memoryOf(pid) });
    },
  });
  check("the program says that not all images were completed", status, 1);
  const between = (from: number, to: number): number => {
    const values = samples.filter(({ done }) => done >= from && done < to).map(({ megabytes }) => megabytes);
    return Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);
  };
  const quarters = [0, 0.25, 0.5, 0.75].map((from) => between(from, from + 0.25));
  note(`MB in each quarter: ${quarters.join(", ")}`);
  check("memory does not grow", quarters[3] - quarters[1] < MAX_GROWTH, true);
}

/** The memory of a process, in MB. */
async function memoryOf(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "rss=", "-p", `${pid}`] }).output();
  return Number(new TextDecoder().decode(stdout)) / 1024;
}

/** Checks the output and the report. Returns the keys of the pages that were reported as unconfirmed. */
async function checkOutput(
  pages: Scans["pages"],
  unusable: readonly string[],
  out: string,
): Promise<readonly string[]> {
  const lines = (await readFile(join(folder, out, "failures.jsonl"), "utf8")).trimEnd().split("\n");
  const reported = new Map(lines.map((line) => {
    const failure = parseJson(line);
    return isObject(failure) ? [String(failure.key), String(failure.ending)] : ["", line];
  }));
  const unconfirmed = [...reported].filter(([, ending]) => ending === "unconfirmed").map(([key]) => key);
  const missing = await keysWithoutOutput(pages, out);
  check("each page is in the output or in the report", missing.filter((key) => !reported.has(key)), []);
  check("no page is in both", [...pages.keys()].filter((key) => reported.has(key) && !missing.includes(key)), []);
  const expected = new Set([...unconfirmed, ...unusable]);
  check(
    "only submissions are reported that were interrupted, and files that cannot be used",
    [...reported.keys()].toSorted(),
    [...expected].toSorted(),
  );
  const twice = [...pages].filter(([, width]) => (server.accepted.get(width) ?? 0) > 1);
  check("no page was sent twice", twice, []);
  const strays = (await listFiles(join(folder, out))).filter((file) =>
    !/^scans\/.*\.json$|^(?:journal|failures)\.jsonl$/.test(file)
  );
  check("nothing else is in the folder of the output", strays, []);
  return unconfirmed;
}

/** The keys of pages whose output is missing or wrong. */
async function keysWithoutOutput(pages: Scans["pages"], out: string): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const [key, width] of pages) {
    const file = join(folder, out, `${key.replaceAll("#", "-")}.json`);
    const text = await readFile(file, "utf8").catch(() => "");
    if (!text.includes(`"right": ${width}`)) missing.push(key);
    else if (parseJson(text) === undefined) check(`${file} is whole`, text, "JSON");
  }
  return missing;
}

/** Resolves at a random moment: soon after the process has started, or while it is at work. */
async function killTime(): Promise<void> {
  const isEarly = random() < EARLY, life = random() * MAX_LIFE;
  if (!isEarly) await server.nextRequest();
  await pause(life);
}

/** Runs the program. The status is null if it was killed. */
async function runProgram(args: readonly string[], { killAt = null, sample = () => Promise.resolve() }: {
  /** When it resolves, the program is killed. */
  readonly killAt?: Promise<void> | null;
  /** Called twice a second with the number of the process. */
  readonly sample?: (pid: number) => Promise<void>;
} = {}): Promise<{ readonly status: number | null }> {
  const [command, ...options] = program;
  const child = new Deno.Command(command, {
    args: [...options, ...args],
    cwd: folder,
    env: {
      OCR_CLIENT_ID: "id",
      OCR_CLIENT_SECRET: "secret",
      OCR_BASE_URL: server.url,
      OCR_ALLOW_HTTP: "1",
      XDG_STATE_HOME: join(folder, "state"),
      NO_COLOR: "1",
    },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let hasEnded = false;
  killAt?.then(() => hasEnded || child.kill("SIGKILL"));
  const sampling = setInterval(() => void sample(child.pid), 500);
  const { code, signal, stderr } = await child.output();
  hasEnded = true;
  clearInterval(sampling);
  if (signal === null && code !== 1) note(new TextDecoder().decode(stderr).slice(-500));
  return { status: signal === null ? code : null };
}

function deepCheck(title: string, actual: ReadonlyMap<number, number>, expected: ReadonlyMap<number, number>): void {
  check(title, [...actual].toSorted(([a], [b]) => a - b), [...expected].toSorted(([a], [b]) => a - b));
}
