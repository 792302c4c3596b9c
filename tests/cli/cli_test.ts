import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal } from "node:assert/strict";
import { emulate } from "../../src/emulator/emulator.ts";
import { serve } from "../../src/emulator/serve.ts";
import { completed, mock, pending, processing } from "../support/mock.ts";
import { against, ID, PAGE, PAIR, run, withFile } from "./run.ts";

const credentials = { clientId: "id", clientSecret: "secret" };

Deno.test("ocr-regions --help prints the usage", async () => {
  for (const args of [["--help"], ["-h"], ["help"], ["detect", "--help"]]) {
    const { status, stdout, stderr } = await run(args);
    deepEqual([status, stderr], [0, ""]);
    match(stdout, /^Usage:\n {2}ocr-regions detect IMAGE/);
    ok(stdout.split("\n").every((line) => line.length <= 120));
  }
});

Deno.test("ocr-regions rejects invalid arguments with status 2 and names them", async () => {
  for (
    const [args, message] of [
      [[], "Missing command. Expected detect, read, watch, cancel or serve."],
      [["find"], 'Unknown command "find". Expected detect, read, watch, cancel or serve.'],
      [["constructor"], 'Unknown command "constructor". Expected detect, read, watch, cancel or serve.'],
      [["detect"], "Missing image: ocr-regions detect IMAGE."],
      [["watch"], "Missing task id: ocr-regions watch ID."],
      [["cancel", ""], "Missing task id: ocr-regions cancel ID."],
      [["detect", "a", "b"], 'Unexpected argument "b".'],
      [["serve", "a"], 'Unexpected argument "a".'],
      [["detect", "a", "--colour"], "Unknown option '--colour'."],
      [["detect", "a", "--svg"], "Option '--svg <value>' argument missing."],
      [["cancel", ID, "--svg", "x"], "The command cancel has no option --svg."],
      [["watch", ID, "--svg", ""], "The option --svg requires a file name."],
      [["watch", ID, "--image", "x"], "The option --image requires --svg."],
      [
        ["serve", "--port", "70000"],
        'The option --port must be a whole number from 0 to 65535: current value is "70000".',
      ],
      [["serve", "--port", "x"], 'The option --port must be a whole number from 0 to 65535: current value is "x".'],
      [["serve", "--workers", "0"], 'The option --workers must be a whole number from 1 to 64: current value is "0".'],
      [["serve", "--service-time", "-1"], "Option '--service-time' argument is ambiguous."],
      [
        ["detect", "a", "--mode", "Words"],
        'Unknown mode "Words". Expected one of Regions, DsrNoFilter, DsrAndFilter, NoDsrNoFilter, TextDetector, ' +
        "DsrPlusDetector, PolygonalTextDetector, LineDetector.",
      ],
    ] as const
  ) {
    deepEqual(await run(args), { status: 2, stdout: "", stderr: `${message}\nTry ocr-regions --help.\n` });
  }
});

Deno.test("ocr-regions reports missing credentials and suggests --emulate", async () => {
  const message =
    "Missing credentials. Set OCR_CLIENT_ID and OCR_CLIENT_SECRET to the values that the service's dashboard " +
    "shows for your application. To try it without an account, add --emulate to detect or read.\n";
  for (const args of [["detect", PAGE], ["watch", ID], ["cancel", ID]]) {
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
  equal(
    (await run(["detect", "no/such.png"], env)).stderr,
    "Cannot read the image no/such.png: there is no such file.\n",
  );
  equal((await run(["detect", "src"], env)).stderr, "Cannot read the image src: it is a folder.\n");
  await withFile("empty.png", "", async (file) => {
    deepEqual(await run(["detect", file], env), {
      status: 2,
      stdout: "",
      stderr: `Cannot send the image ${file}: the file is empty.\n`,
    });
  });
});

Deno.test("ocr-regions watch shows each status once", async () => {
  const world = mock({ fetch: [pending, pending, processing, processing, completed] });
  const server = await serve((request) => world.fetch(request), 0);
  const { status, stderr } = await run(["watch", ID], { env: { ...PAIR, OCR_BASE_URL: server.url } });
  await server.close();
  equal(status, 0, stderr);
  match(
    stderr,
    /^Pending \(\d.*\)\nProcessing \(\d.*\)\nCompleted \(\d.*\)\nDetection is finished: 1 region found\.\n$/,
  );
});

Deno.test("ocr-regions detect --emulate shows the regions as a table", async () => {
  const { status, stdout, stderr } = await run(["detect", PAGE, "--emulate"]);
  equal(status, 0, stderr);
  match(stderr, /(?:^|\n)Completed \(\d.*\)\nDetection is finished: 2 regions found\.\n$/);
  const rows = stdout.trimEnd().split("\n");
  match(rows[0], /^# {2}left {2,}top {2}right {2}bottom$/);
  equal(rows.length, 3);
  ok(rows.every((row) => row.length === rows[0].length));
});

Deno.test("ocr-regions detect --svg --json draws the regions and prints them as JSON", async () => {
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

Deno.test("ocr-regions detect reports that a page has no text", async () => {
  const { status, stdout, stderr } = await against({}, ["detect", PAGE]);
  deepEqual([status, stdout], [0, ""]);
  match(stderr, /Detection is finished: no text was found in the image\.\n$/);
});

Deno.test("ocr-regions detect shows why the service could not read the image", async () => {
  await withFile("text.png", "This is no image.", async (file) => {
    const { status, stdout, stderr } = await run(["detect", file, "--emulate"]);
    deepEqual([status, stdout], [1, ""]);
    match(
      stderr,
      /\nThe task failed \(Cannot read the image: .*\)\. Check the image and the settings, then submit it again\.\n$/,
    );
  });
  const page = await Deno.readFile(PAGE);
  await withFile("cut.jpg", page.subarray(0, page.length / 3), async (file) => {
    const { status, stderr } = await run(["detect", file, "--emulate", "--json"]);
    equal(status, 1);
    match(
      stderr,
      /\nThe task failed \(Cannot read the image: .*\)\. Check the image and the settings, then submit it again\.\n$/,
    );
  });
});

Deno.test("ocr-regions reports wrong credentials without showing them", async () => {
  const env = { OCR_CLIENT_SECRET: "wr0ng" };
  const { status, stderr, requests } = await against({ credentials }, ["detect", PAGE], { env });
  equal(status, 1);
  match(
    stderr,
    /^The credentials or the access token were rejected \(.+\)\. Check the client id and secret, or the token\.\n$/,
  );
  equal(stderr.includes("wr0ng"), false);
  deepEqual(requests, ["POST /connect/token"]);
});

Deno.test("ocr-regions watch reports an unknown id", async () => {
  const { status, stdout, stderr } = await against({}, ["watch", ID, "--json"]);
  deepEqual([status, JSON.parse(stdout)], [1, { _tag: "NotExist", id: ID, messages: [] }]);
  match(
    stderr,
    RegExp(
      `^NotExist .*\\nThe service does not know task ${ID}, which may have expired\\. Check the id, or submit the `,
    ),
  );
});

Deno.test("ocr-regions detect reports an unreachable service", async () => {
  const { status, stderr } = await run(["detect", PAGE], { env: { ...PAIR, OCR_BASE_URL: await nobody() } });
  equal(status, 1);
  const lines = stderr.trimEnd().split("\n");
  equal(lines.length, 3);
  match(lines[0], /^The request could not be sent \(.*refused.*\)\. .* Trying again in \d+(\.\d)? m?s\.$/i);
  match(lines[2], /^The request could not be sent \(.*\)\. Check the network and the address, then try again\.$/);
});

Deno.test("ocr-regions detect prints the task's id if the service becomes unreachable", async () => {
  const handle = emulate({ serviceTime: 60_000 });
  const server = await serve(handle, 0);
  const { status, stderr } = await run(["detect", PAGE], {
    env: { ...PAIR, OCR_BASE_URL: server.url },
    heard: (text, stop) => {
      if (/^Processing/m.test(text)) server.close();
      if (text.includes("Trying again")) stop();
    },
  });
  equal(status, 130);
  match(stderr, /\nTask [-\da-f]{36} was not canceled and continues\. The request could not be sent/);
});

Deno.test("ocr-regions detect cancels its task when it is stopped", async () => {
  const { status, stderr, requests } = await against({ serviceTime: 60_000 }, ["detect", PAGE], {
    heard: (text, stop) => /^Processing/m.test(text) && stop(),
  });
  equal(status, 130);
  match(stderr, /\nCanceled task [-\da-f]{36}\.\n$/);
  equal(requests.at(-1), "DELETE /v5.0/ocr/DetectRegions");
});

Deno.test("ocr-regions watch does not cancel the task when it is stopped, and cancel does", async () => {
  const handle = emulate({ serviceTime: 60_000 });
  let isDown = true;
  const server = await serve(async (request) => {
    if (request.method === "DELETE" && isDown) return new Response(null, { status: 400 });
    return await handle(request);
  }, 0);
  const env = { ...PAIR, OCR_BASE_URL: server.url };
  const hear = (text: string, stop: () => void): unknown => /^Processing/m.test(text) && stop();
  // The task survives, since it cannot be canceled yet.
  const detected = await run(["detect", PAGE], { env, heard: hear });
  const id = detected.stderr.match(/Task (\S+) was not canceled/)?.[1] ?? "";
  isDown = false;
  const watched = await run(["watch", id], { env, heard: hear });
  equal(watched.status, 130);
  match(
    watched.stderr,
    /^Processing .*\nStopped watching\. The task continues\. To cancel it: ocr-regions cancel [-\da-f]{36}\n$/,
  );
  deepEqual(await run(["cancel", id], { env }), { status: 0, stdout: "", stderr: `Canceled task ${id}.\n` });
  equal((await run(["watch", id], { env })).status, 1);
  await server.close();
});

Deno.test("ocr-regions updates one live line on a terminal and never wraps it", async () => {
  const { stderr } = await against({ serviceTime: 1500 }, ["detect", PAGE], { tty: { columns: 18 } });
  const drawn = stderr.split("\r\x1b[2K").filter((line) => line.includes("…"));
  ok(drawn.length > 1);
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
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "src/cli/bin.ts", "detect", PAGE],
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
  deepEqual([(await child.status).code, /Canceled task [-\da-f]{36}\.\n$/.test(said)], [130, true]);
  await server.close();
});

/** An address where nothing listens. */
async function nobody(): Promise<string> {
  const server = await serve(() => Promise.resolve(new Response()), 0);
  await server.close();
  return server.url;
}
