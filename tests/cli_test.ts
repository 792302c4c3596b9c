import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal } from "node:assert/strict";
import { main } from "../src/cli.ts";
import { emulate, type EmulatorOptions } from "../src/emulator.ts";
import type { Region } from "../src/region.ts";
import { serve } from "../src/serve.ts";

const PAGE = "examples/pages/lucasta.047.jpg";
const ID = "a371d027-4b0d-4d86-8825-c8d818dd4ed9";
const credentials = { clientId: "id", clientSecret: "secret" };
const PAIR = { OCR_CLIENT_ID: "id", OCR_CLIENT_SECRET: "secret" };

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(
  args: readonly string[],
  { env = {}, tty, heard = () => {} }: {
    readonly env?: Record<string, string>;
    readonly tty?: { readonly columns: number };
    /** Hears what is said, and may end the command. */
    readonly heard?: (text: string, stop: () => void) => void;
  } = {},
): Promise<Outcome> {
  const controller = new AbortController();
  const said = { stdout: "", stderr: "" };
  const hear = (text: string): void => heard(text, () => controller.abort());
  const status = await main(args, {
    env,
    signal: controller.signal,
    stdout: { write: (text) => hear(said.stdout += text) },
    stderr: { write: (text) => (said.stderr += text, hear(text)), ...tty === undefined ? {} : { isTTY: true, ...tty } },
  });
  return { status, ...said };
}

/** Runs the command against an emulator on a socket. */
async function against(
  options: EmulatorOptions,
  args: readonly string[],
  more: Parameters<typeof run>[1] & { readonly onRequest?: (request: Request) => void } = {},
): Promise<Outcome & { readonly requests: readonly string[] }> {
  const handle = emulate(options);
  const requests: string[] = [];
  const server = await serve((request) => {
    requests.push(`${request.method} ${new URL(request.url).pathname}`);
    return handle(request);
  }, 0);
  try {
    return { ...await run(args, { ...more, env: { ...PAIR, OCR_BASE_URL: server.url, ...more.env } }), requests };
  } finally {
    await server.close();
  }
}

async function withFile(
  name: string,
  content: Uint8Array | string,
  test: (file: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(`${folder}/${name}`, bytes);
    await test(`${folder}/${name}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("ocr-regions --help tells how to use it", async () => {
  for (const args of [["--help"], ["-h"], ["help"], ["detect", "--help"]]) {
    const { status, stdout, stderr } = await run(args);
    deepEqual([status, stderr], [0, ""]);
    match(stdout, /^Usage:\n {2}ocr-regions detect IMAGE/);
    ok(stdout.split("\n").every((line) => line.length <= 120));
  }
});

Deno.test("ocr-regions refuses wrong usage with status 2, and says what is wrong", async () => {
  for (
    const [args, message] of [
      [[], "A command is missing: detect, watch, cancel or serve."],
      [["find"], "There is no command find: there are detect, watch, cancel and serve."],
      [["constructor"], "There is no command constructor: there are detect, watch, cancel and serve."],
      [["detect"], "The image's file is missing."],
      [["watch"], "The task's id is missing."],
      [["cancel", ""], "The task's id is missing."],
      [["detect", "a", "b"], "The command detect takes no more than one argument: b is one too many."],
      [["serve", "a"], "The command serve takes no argument: a is one too many."],
      [["detect", "a", "--colour"], "Unknown option '--colour'"],
      [["detect", "a", "--svg"], "Option '--svg <value>' argument missing"],
      [["watch", ID, "--svg", "x"], "The command watch takes no option --svg."],
      [["serve", "--port", "70000"], "The port must be a whole number from 0 to 65535: current value is 70000."],
      [["serve", "--port", "x"], "The port must be a whole number from 0 to 65535: current value is x."],
      [
        ["detect", "a", "--mode", "Words"],
        "There is no mode Words: there are Regions, DsrNoFilter, DsrAndFilter, NoDsrNoFilter, TextDetector, " +
        "DsrPlusDetector, PolygonalTextDetector, LineDetector.",
      ],
    ] as const
  ) {
    deepEqual(await run(args), { status: 2, stdout: "", stderr: `${message}\nTry ocr-regions --help.\n` });
  }
});

Deno.test("ocr-regions asks for credentials, and shows a way without", async () => {
  const message = "There are no credentials: set OCR_CLIENT_ID and OCR_CLIENT_SECRET to what the service's dashboard " +
    "shows for your application. To try without an account: ocr-regions detect IMAGE --emulate\n";
  for (const args of [["detect", PAGE], ["watch", ID], ["cancel", ID]]) {
    deepEqual(await run(args), { status: 2, stdout: "", stderr: message });
    equal((await run(args, { env: { OCR_CLIENT_ID: "id" } })).stderr, message);
  }
});

Deno.test("ocr-regions refuses an address that secrets must not go to", async () => {
  const { status, stderr } = await run(["watch", ID], { env: { ...PAIR, OCR_BASE_URL: "http://ocr.example" } });
  equal(status, 2);
  match(
    stderr,
    /baseUrl must be https, or http on the loopback interface: current value is http:\/\/ocr\.example\.\n$/,
  );
});

Deno.test("ocr-regions detect tells what is wrong with the image's file before it sends anything", async () => {
  const env = { env: PAIR };
  equal(
    (await run(["detect", "no/such.png"], env)).stderr,
    "The image no/such.png cannot be read: there is no such file.\n",
  );
  equal((await run(["detect", "src"], env)).stderr, "The image src cannot be read: it is a folder.\n");
  await withFile("empty.png", "", async (file) => {
    deepEqual(await run(["detect", file], env), {
      status: 2,
      stdout: "",
      stderr: `The image ${file} cannot be sent: the file is empty.\n`,
    });
  });
});

Deno.test("ocr-regions detect --emulate shows each status, and the regions as a table", async () => {
  const { status, stdout, stderr } = await run(["detect", PAGE, "--emulate"]);
  equal(status, 0, stderr);
  match(
    stderr,
    /^Pending \(\d.*\)\nProcessing \(\d.*\)\nCompleted \(\d.*\)\nDetection is finished: 2 regions found\.\n$/,
  );
  const rows = stdout.trimEnd().split("\n");
  match(rows[0], /^# {2}left {2,}top {2}right {2}bottom$/);
  equal(rows.length, 3);
  ok(rows.every((row) => row.length === rows[0].length));
});

Deno.test("ocr-regions detect draws the regions, and gives them as JSON", async () => {
  const folder = await Deno.makeTempDir();
  const svg = `${folder}/new/page.svg`;
  const region = { left: 1, top: 2, right: 30, bottom: 40 };
  const args = ["detect", PAGE, "--json", "--svg", svg, "--mode", "LineDetector"];
  const modes: string[] = [];
  const detect = (_: Uint8Array, mode: string): Promise<typeof region[]> => {
    modes.push(mode);
    return Promise.resolve([region]);
  };
  const { status, stdout } = await against({ detect, credentials }, args);
  equal(status, 0);
  const { id, ...result } = JSON.parse(stdout);
  deepEqual(result, { _tag: "Completed", regions: [region], notices: [] });
  equal(typeof id, "string");
  deepEqual(modes, ["LineDetector"]);
  match(await Deno.readTextFile(svg), /^<svg [^]*data:image\/jpeg;base64,[^]*<\/svg>\s*$/);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("ocr-regions detect tells of a drawing that cannot be written, and loses nothing", async () => {
  const detect = (): Promise<Region[]> => Promise.resolve([{ left: 1, top: 2, right: 30, bottom: 40 }]);
  const { status, stdout, stderr } = await against({ detect }, ["detect", PAGE, "--svg", `${PAGE}/x.svg`]);
  equal(status, 1);
  match(stderr, /Detection is finished[^]*The drawing .* cannot be written \(\w+\)\.\n$/);
  equal(stdout, "#  left  top  right  bottom\n1     1    2     30      40\n");
});

Deno.test("ocr-regions detect says so where a page holds no text", async () => {
  const { status, stdout, stderr } = await against({}, ["detect", PAGE]);
  deepEqual([status, stdout], [0, ""]);
  match(stderr, /Detection is finished: no text was found on the image\.\n$/);
});

Deno.test("ocr-regions detect passes on why an image cannot be read", async () => {
  await withFile("text.png", "This is no image.", async (file) => {
    const { status, stdout, stderr } = await run(["detect", file, "--emulate"]);
    deepEqual([status, stdout], [1, ""]);
    match(stderr, /\nDetection failed \(Cannot read the image: .*\): check the image, then send it again\.\n$/);
  });
  const page = await Deno.readFile(PAGE);
  await withFile("cut.jpg", page.subarray(0, page.length / 3), async (file) => {
    const { status, stderr } = await run(["detect", file, "--emulate", "--json"]);
    equal(status, 1);
    match(stderr, /\nDetection failed \(Cannot read the image: .*\): check the image, then send it again\.\n$/);
  });
});

Deno.test("ocr-regions tells of wrong credentials, without showing them", async () => {
  const env = { OCR_CLIENT_SECRET: "wr0ng" };
  const { status, stderr, requests } = await against({ credentials }, ["detect", PAGE], { env });
  equal(status, 1);
  match(stderr, /^The service refused the credentials: check client id and secret, or the token \(.+\)\.\n$/);
  equal(stderr.includes("wr0ng"), false);
  deepEqual(requests, ["POST /connect/token"]);
});

Deno.test("ocr-regions watch tells of an unknown id", async () => {
  const { status, stdout, stderr } = await against({}, ["watch", ID, "--json"]);
  deepEqual([status, JSON.parse(stdout)], [1, { _tag: "NotExist", id: ID, messages: [] }]);
  match(
    stderr,
    RegExp(
      `^NotExist .*\\nThe service does not know the task ${ID}, or its 24 hours are over: check the id, or send the `,
    ),
  );
});

Deno.test("ocr-regions detect tells of a service that is not there", async () => {
  const { status, stderr } = await run(["detect", PAGE], { env: { ...PAIR, OCR_BASE_URL: await nobody() } });
  equal(status, 1);
  const lines = stderr.trimEnd().split("\n");
  equal(lines.length, 3);
  match(lines[0], /^The service cannot be reached \(.*refused.*\): .* Trying again in \d+(\.\d)? m?s\.$/i);
  match(lines[2], /^The service cannot be reached \(.*\): check the connection and the address, then try again\.$/);
});

Deno.test("ocr-regions detect loses no task when the service leaves in the middle", async () => {
  const handle = emulate({ serviceTime: 60_000 });
  const server = await serve(handle, 0);
  const { status, stderr } = await run(["detect", PAGE], {
    env: { ...PAIR, OCR_BASE_URL: server.url },
    heard: (text, stop) => {
      if (text.startsWith("Processing")) server.close();
      if (text.includes("Trying again")) stop();
    },
  });
  equal(status, 130);
  match(stderr, /\nTask [-\da-f]{36} was not cancelled and goes on\. The service cannot be reached/);
});

Deno.test("ocr-regions detect cancels its task when it is stopped", async () => {
  const { status, stderr, requests } = await against({ serviceTime: 60_000 }, ["detect", PAGE], {
    heard: (text, stop) => text.startsWith("Processing") && stop(),
  });
  equal(status, 130);
  match(stderr, /\nCancelled task [-\da-f]{36}\.\n$/);
  equal(requests.at(-1), "DELETE /v5.0/ocr/DetectRegions");
});

Deno.test("ocr-regions watch leaves the task alone when it is stopped, and cancel drops it", async () => {
  const handle = emulate({ serviceTime: 60_000 });
  const server = await serve(handle, 0);
  const env = { ...PAIR, OCR_BASE_URL: server.url };
  let id = "";
  const hear = (text: string, stop: () => void): unknown => text.startsWith("Processing") && stop();
  await run(["detect", PAGE], {
    env,
    heard: (text, stop) => {
      if (text.startsWith("Processing")) server.close().then(() => stop());
      id = text.match(/Task (\S+) was not/)?.[1] ?? id;
    },
  });
  const again = await serve(handle, Number(new URL(server.url).port));
  const watched = await run(["watch", id], { env, heard: hear });
  equal(watched.status, 130);
  match(watched.stderr, /^Processing .*\nStopped\. The task goes on; to drop it: ocr-regions cancel [-\da-f]{36}\n$/);
  deepEqual(await run(["cancel", id], { env }), { status: 0, stdout: "", stderr: `Cancelled task ${id}.\n` });
  equal((await run(["watch", id], { env })).status, 1);
  await again.close();
});

Deno.test("ocr-regions keeps one live line on a terminal, and never wraps it", async () => {
  const { stderr } = await against({ serviceTime: 1500 }, ["detect", PAGE], { tty: { columns: 18 } });
  const drawn = stderr.split("\r\x1b[2K").filter((line) => line.includes("…"));
  ok(drawn.length > 5);
  ok(drawn.every((line) => line.length < 18 && !line.includes("\n")));
  match(stderr.replaceAll("\r\x1b[2K", "|"), /\|Completed \(\d.*\)\n/);
});

Deno.test("ocr-regions serve listens on the loopback interface until it is stopped", async () => {
  const asked: Promise<number>[] = [];
  const { status, stdout } = await run(["serve", "--port", "0"], {
    heard: (text, stop) => {
      const url = text.match(/http:\/\/127\.0\.0\.1:\d+/)?.[0];
      if (url !== undefined && asked.length === 0) {
        asked.push(
          fetch(`${url}/nothing`).then(async (response) => {
            await response.body?.cancel();
            stop();
            return response.status;
          }),
        );
      }
    },
  });
  deepEqual([status, await asked[0]], [0, 404]);
  match(
    stdout,
    /OCR_BASE_URL=http:\/\/127\.0\.0\.1:\d+ OCR_CLIENT_ID=id OCR_CLIENT_SECRET=secret ocr-regions detect IMAGE\n$/,
  );
});

Deno.test("ocr-regions serve tells of a port that is taken", async () => {
  const server = await serve(() => Promise.resolve(new Response()), 0);
  const { port } = new URL(server.url);
  deepEqual(await run(["serve", "--port", port]), {
    status: 2,
    stdout: "",
    stderr: `The emulator cannot listen on port ${port} (EADDRINUSE): choose another with --port.\n`,
  });
  await server.close();
});

Deno.test("ocr-regions as a process stops on Ctrl-C with status 130", async () => {
  const server = await serve(emulate({ serviceTime: 60_000 }), 0);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "src/bin.ts", "detect", PAGE],
    env: { ...PAIR, OCR_BASE_URL: server.url },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (!said.includes("Processing") && (said + part.value).includes("Processing")) child.kill("SIGINT");
    said += part.value;
  }
  deepEqual([(await child.status).code, /Cancelled task [-\da-f]{36}\.\n$/.test(said)], [130, true]);
  await server.close();
});

/** An address where nothing listens. */
async function nobody(): Promise<string> {
  const server = await serve(() => Promise.resolve(new Response()), 0);
  await server.close();
  return server.url;
}
