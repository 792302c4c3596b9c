import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal } from "node:assert/strict";
import { SHELLS } from "../../src/cli/command.ts";
import { completionScript } from "../../src/cli/completion.ts";
import { VERSION } from "../../src/cli/version.ts";
import { emulate } from "../../src/emulator/emulator.ts";
import { serve } from "../../src/emulator/serve.ts";
import { completed, mock, pending, processing } from "../support/mock.ts";
import { against, ID, PAGE, PAIR, run, withFile } from "./run.ts";

const credentials = { clientId: "id", clientSecret: "secret" };

Deno.test("ocr-regions --help, help and no arguments print the overview, and --help of a command its own", async () => {
  for (const args of [["--help"], ["-h"], ["help"], []]) {
    const { status, stdout, stderr } = await run(args);
    deepEqual([status, stderr], [0, ""]);
    match(stdout, /^Usage: ocr-regions COMMAND /);
  }
  match((await run(["detect", "--help"])).stdout, /^Usage: ocr-regions detect \[OPTION\.\.\.\] PATH\.\.\.\n/);
});

Deno.test("ocr-regions --version prints the version", async () => {
  deepEqual(await run(["--version"]), { status: 0, stdout: `${VERSION}\n`, stderr: "" });
});

Deno.test("ocr-regions completion prints the script of a shell", async () => {
  for (const shell of SHELLS) {
    deepEqual(await run(["completion", shell]), { status: 0, stdout: completionScript(shell), stderr: "" });
  }
});

Deno.test("ocr-regions fails if help cannot be written", async () => {
  equal((await run(["--help"], { fails: () => "EPIPE" })).status, 1);
});

Deno.test("ocr-regions rejects invalid arguments with status 2", async () => {
  deepEqual(await run(["find"]), {
    status: 2,
    stdout: "",
    stderr: 'Unknown command "find". Try ocr-regions --help.\n',
  });
});

Deno.test("ocr-regions reports missing credentials and suggests --emulate", async () => {
  const message =
    "Missing credentials. Set OCR_CLIENT_ID and OCR_CLIENT_SECRET to the values that the service's dashboard " +
    "shows for your application. To try it without an account, add --emulate to detect or read.\n";
  for (const args of [["detect", PAGE], ["read", PAGE], ["watch", ID], ["status", ID], ["cancel", ID]]) {
    deepEqual(await run(args), { status: 2, stdout: "", stderr: message });
    equal((await run(args, { env: { OCR_CLIENT_ID: "id" } })).stderr, message);
  }
});

Deno.test("ocr-regions rejects an address that would expose the secret", async () => {
  const { status, stderr } = await run(["watch", ID], { env: { ...PAIR, OCR_BASE_URL: "http://ocr.example" } });
  equal(status, 2);
  match(
    stderr,
    /OCR_BASE_URL must be https, or http on the loopback interface: current value is http:\/\/ocr\.example\. To .* set OCR_ALLOW_HTTP=1\.\n$/,
  );
});

Deno.test("ocr-regions detect reports an unreadable image before it sends anything", async () => {
  const env = { env: PAIR };
  for (
    const [path, message] of [
      ["no/such.png", /^no\/such\.png: The image was not sent: there is no such file\.\n/],
      ["README.md", /^README\.md: The image was not sent: /],
    ] as const
  ) {
    const { status, stdout, stderr } = await run(["detect", path], env);
    deepEqual([status, stdout], [2, ""]);
    match(stderr, message);
  }
  match((await run(["detect", "src/cli"], env)).stderr, /^No images were found in src\/cli\.\n$/);
});

Deno.test("ocr-regions watch shows each status of a single task once", async () => {
  const world = mock({ fetch: [pending, pending, processing, processing, completed] });
  const server = await serve((request) => world.fetch(request), 0);
  const { status, stderr } = await run(["watch", ID], { env: { ...PAIR, OCR_BASE_URL: server.url } });
  await server.close();
  equal(status, 0, stderr);
  match(
    stderr.replaceAll(`${ID}: `, ""),
    /^Pending \(\d.*\)\nProcessing \(\d.*\)\n1 region found \(\d.*\)\n$/,
  );
});

Deno.test("ocr-regions detect --emulate shows the regions as a table", async () => {
  const { status, stdout, stderr } = await run(["detect", PAGE, "--emulate"]);
  equal(status, 0, stderr);
  match(stderr, /(?:^|\n)examples\/pages\/lucasta\.047\.jpg: 2 regions found \(\d.*\)\n$/);
  const rows = stdout.trimEnd().split("\n");
  match(rows[0], /^# {2}left {2,}top {2}right {2}bottom$/);
  equal(rows.length, 3);
  ok(rows.every((row) => row.length === rows[0].length));
});

Deno.test("ocr-regions read --emulate shows the texts", async () => {
  const { status, stdout, stderr } = await run(["read", PAGE, "--emulate", "--language", "ENGLISH"]);
  equal(status, 0, stderr);
  match(stdout, /^BIOGRAPHICAL NOTICE\. XXV\n\n/);
});

Deno.test("ocr-regions detect passes all settings on, and draws the regions", async () => {
  const region = { left: 1, top: 2, right: 30, bottom: 40 };
  const bodies: string[] = [];
  const handle = emulate({ detect: () => Promise.resolve([region]), credentials });
  const server = await serve(async (request) => {
    if (request.method === "POST") bodies.push(await request.clone().text());
    return handle(request);
  }, 0);
  const folder = await Deno.makeTempDir();
  const args = ["--mode", "linedetector", "--language", "german", "--rotate", "90", "--no-make-skew-correct"];
  const { status, stderr } = await run(["detect", PAGE, "--out", folder, "-f", "svg,json", ...args], {
    env: { ...PAIR, OCR_BASE_URL: server.url },
  });
  await server.close();
  equal(status, 0, stderr);
  const { settings } = JSON.parse(bodies.find((body) => body.startsWith("{")) ?? "");
  const { dsrMode, language, Rotate, makeSkewCorrect } = settings;
  deepEqual([dsrMode, language, Rotate, makeSkewCorrect], ["LineDetector", "German", 90, false]);
  match(await Deno.readTextFile(`${folder}/${PAGE}.svg`), /^<svg [^]*data:image\/jpeg;base64,[^]*<\/svg>\s*$/);
  deepEqual(JSON.parse(await Deno.readTextFile(`${folder}/${PAGE}.json`)).regions, [region]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("ocr-regions detect reports that a page has no text", async () => {
  const { status, stdout, stderr } = await against({}, ["detect", PAGE]);
  deepEqual([status, stdout], [0, ""]);
  match(stderr, /: 0 regions found \(.*\)\n$/);
});

Deno.test("ocr-regions detect shows why the service could not read the image", async () => {
  const page = await Deno.readFile(PAGE);
  await withFile("cut.jpg", page.subarray(0, page.length / 3), async (file) => {
    const { status, stdout, stderr } = await run(["detect", file, "--emulate", "--json"]);
    deepEqual([status, JSON.parse(stdout)._tag], [1, "Error"]);
    match(
      stderr,
      /\.jpg: The task failed \(Cannot read the image: .*\)\. Check the image and the settings, then submit it /,
    );
  });
});

Deno.test("ocr-regions reports wrong credentials without showing them", async () => {
  const env = { OCR_CLIENT_SECRET: "wr0ng" };
  const { status, stderr, requests } = await against({ credentials }, ["detect", PAGE], { env });
  equal(status, 1);
  match(
    stderr,
    /: The credentials or the access token were rejected \(.+\)\. Check the client id and secret, or the token\.\n/,
  );
  equal(stderr.includes("wr0ng"), false);
  deepEqual(requests, ["POST /connect/token"]);
});

Deno.test("ocr-regions watch reports an unknown id", async () => {
  const { status, stdout, stderr } = await against({}, ["watch", ID, "--json"]);
  deepEqual([status, JSON.parse(stdout)], [1, { _tag: "NotExist", id: ID, messages: [] }]);
  match(
    stderr,
    RegExp(`: The service does not know task ${ID}, which may have expired\\. Check the id, or submit the `),
  );
});

Deno.test("ocr-regions detect reports an unreachable service", async () => {
  const { status, stderr } = await run(["detect", PAGE], { env: { ...PAIR, OCR_BASE_URL: await nobody() } });
  equal(status, 1);
  const lines = stderr.trimEnd().split("\n");
  match(lines[0], /^The request could not be sent \(.*refused.*\)\. .* Trying again in \d+(\.\d)? m?s\.$/i);
  match(
    lines.at(-1) ?? "",
    /: The request could not be sent \(.*\)\. Check the network and the address, then try again\.$/,
  );
});

Deno.test("ocr-regions detect prints the task's id if the service becomes unreachable", async () => {
  const handle = emulate({ serviceTime: 60_000 });
  const server = await serve(handle, 0);
  const { status, stderr } = await run(["detect", PAGE], {
    env: { ...PAIR, OCR_BASE_URL: server.url },
    heard: (text, stop) => {
      if (/: Processing/m.test(text)) server.close();
      if (text.includes("Trying again")) stop();
    },
  });
  equal(status, 130);
  match(stderr, /: Task [-\da-f]{36} was not canceled and continues\. The request could not be sent/);
});

Deno.test("ocr-regions detect cancels its task when it is stopped", async () => {
  const { status, stderr, requests } = await against({ serviceTime: 60_000 }, ["detect", PAGE], {
    heard: (text, stop) => /: Processing/m.test(text) && stop(),
  });
  equal(status, 130);
  match(stderr, /: Canceled task [-\da-f]{36}\.\n/);
  equal(requests.at(-1), "DELETE /v5.0/ocr/DetectRegions");
});

Deno.test("ocr-regions updates live lines on a terminal and never wraps them", async () => {
  const { stderr } = await against({ serviceTime: 1500 }, ["detect", PAGE], { tty: { columns: 40 } });
  // deno-lint-ignore no-control-regex
  const drawn = stderr.split(/\r(?:\x1b\[\d+A)?\x1b\[J/).flatMap((text) => text.split("\n")).filter((line) =>
    / s$/.test(line)
  );
  ok(drawn.length > 1, JSON.stringify(stderr));
  ok(drawn.every((line) => line.length < 40), drawn.join("\n"));
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

Deno.test("ocr-regions serve reports a port that is in use", async () => {
  const server = await serve(() => Promise.resolve(new Response()), 0);
  const { port } = new URL(server.url);
  deepEqual(await run(["serve", "--port", port]), {
    status: 2,
    stdout: "",
    stderr: `Cannot listen on port ${port} of 127.0.0.1: the port is in use. Choose another one with --port.\n`,
  });
  await server.close();
});

Deno.test("ocr-regions as a process stops on Ctrl-C with status 130", async () => {
  const server = await serve(emulate({ serviceTime: 60_000 }), 0);
  const state = await Deno.makeTempDir();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "src/cli/bin.ts", "detect", PAGE],
    env: { ...PAIR, OCR_BASE_URL: server.url, XDG_STATE_HOME: state },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (!said.includes("Processing") && (said + part.value).includes("Processing")) child.kill("SIGINT");
    said += part.value;
  }
  deepEqual([(await child.status).code, /Canceled task [-\da-f]{36}\.\n/.test(said)], [130, true]);
  await server.close();
  await Deno.remove(state, { recursive: true });
});

/** An address where nothing listens. */
async function nobody(): Promise<string> {
  const server = await serve(() => Promise.resolve(new Response()), 0);
  await server.close();
  return server.url;
}
