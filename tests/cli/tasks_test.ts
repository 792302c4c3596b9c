import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal } from "node:assert/strict";
import * as E from "fp-ts/lib/Either.js";
import { submitImage } from "../../src/client/operations.ts";
import { connect } from "../../src/client/service.ts";
import { lastIds } from "../../src/cli/last.ts";
import { emulate, type EmulatorOptions } from "../../src/emulator/emulator.ts";
import { serve } from "../../src/emulator/serve.ts";
import { ID, type Outcome, PAGE, PAIR, run } from "./run.ts";

const REGION = { left: 1, top: 2, right: 30, bottom: 40 };

interface World {
  /** The ids of the tasks, in order. */
  readonly ids: readonly string[];
  readonly requests: string[];
  /** A folder of its own. */
  readonly folder: string;
  readonly run: (args: readonly string[], more?: Parameters<typeof run>[1]) => Promise<Outcome>;
}

/** Tasks on an emulator, and a folder. */
async function withTasks(
  options: EmulatorOptions,
  test: (world: World) => Promise<void>,
  count = 3,
): Promise<void> {
  const handle = emulate({ detect: () => Promise.resolve([REGION]), ...options });
  const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: handle });
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    const submitted = await submitImage(new Uint8Array([1]))(service)();
    if (E.isRight(submitted)) ids.push(submitted.right);
  }
  const requests: string[] = [];
  const server = await serve((request) => {
    requests.push(request.method);
    return handle(request);
  }, 0);
  const folder = await Deno.makeTempDir();
  const env = { ...PAIR, OCR_BASE_URL: server.url, XDG_STATE_HOME: folder };
  try {
    await test({
      ids,
      requests,
      folder,
      run: (args, more = {}) => run(args, { ...more, env: { ...env, ...more.env } }),
    });
  } finally {
    await server.close();
    await Deno.remove(folder, { recursive: true });
  }
}

const sorted = (text: string): readonly string[] => text.trimEnd().split("\n").sort();

Deno.test("status asks for each task once, without waiting", () =>
  withTasks({ serviceTime: 60_000, pickupTime: 0 }, async ({ ids, requests, run }) => {
    const { status, stdout, stderr } = await run(["status", ...ids]);
    deepEqual([status, stderr], [0, ""]);
    deepEqual(sorted(stdout).map((line) => line.split("  ")[0]), [...ids].sort());
    ok(/ {2}(Pending|Processing)$/m.test(stdout));
    deepEqual(requests, ["POST", "GET", "GET", "GET"]);
  }));

Deno.test("status prints a line of JSON for each task, also for one that the service does not know", () =>
  withTasks({}, async ({ ids: [id], run }) => {
    const { status, stdout, stderr } = await run(["status", ID, id, "--json"]);
    equal(status, 1);
    const lines = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    deepEqual(new Map(lines.map(({ id, _tag }) => [id, _tag])).get(ID), "NotExist");
    equal(lines.length, 2);
    match(stderr, RegExp(`^${ID}: The service does not know task ${ID}, which may have expired\\. `));
  }));

Deno.test("a failure does not keep the tasks from being asked for that have to wait for their turn", () =>
  withTasks({}, async ({ ids, run }) => {
    const unknown = Array.from({ length: 20 }, (_, i) => ID.slice(0, -2) + (10 + i));
    const { status, stdout } = await run(["status", ...unknown, ...ids]);
    equal(status, 1);
    for (const id of ids) ok(stdout.includes(`${id}  `));
  }));

Deno.test("cancel cancels each task, and an unknown one does not keep it from that", () =>
  withTasks({ serviceTime: 60_000 }, async ({ ids, run }) => {
    const { status, stdout, stderr } = await run(["cancel", ids[0], ID, ids[1]]);
    deepEqual([status, stdout], [1, ""]);
    for (const id of ids.slice(0, 2)) match(stderr, RegExp(`^Canceled task ${id}\\.$`, "m"));
    match(stderr, RegExp(`^The service does not know task ${ID}, so nothing was canceled\\.`, "m"));
    const { stdout: after } = await run(["status", ...ids]);
    equal(after.match(/ {2}NotExist$/gm)?.length, 2);
  }));

Deno.test("watch prints several results under their ids, and a failure does not end the others", () =>
  withTasks({}, async ({ ids, run }) => {
    const { status, stdout, stderr } = await run(["watch", ids[0], ID, ids[1]]);
    equal(status, 1);
    for (const id of ids.slice(0, 2)) {
      match(stdout, RegExp(`^${id}:\n#  left  top  right  bottom\n1 +1 +2 +30 +40$`, "m"));
      match(stderr, RegExp(`^${id}: 1 region found`, "m"));
    }
    match(stderr, RegExp(`^${ID}: The service does not know task ${ID}`, "m"));
  }));

Deno.test("watch writes a file for each task and format, named after the task or its image", () =>
  withTasks({}, async ({ ids, folder, run }) => {
    const out = `${folder}/out`;
    deepEqual((await run(["watch", ids[0], ids[1], "--out", out, "-f", "json,csv,svg"])).status, 0);
    const names = [...Deno.readDirSync(out)].map(({ name }) => name).sort();
    deepEqual(names, [ids[0], ids[1]].sort().flatMap((id) => [`${id}.csv`, `${id}.json`, `${id}.svg`]));
    deepEqual(JSON.parse(await Deno.readTextFile(`${out}/${ids[0]}.json`)).regions, [REGION]);
    // The service does not return the image, so that the drawing is without it.
    equal(/<image/.test(await Deno.readTextFile(`${out}/${ids[0]}.svg`)), false);

    const image = `${folder}/page.jpg`;
    await Deno.copyFile(PAGE, image);
    const drawn = await run(["watch", ids[2], "-f", "svg", "--image", image]);
    equal(drawn.status, 0, drawn.stderr);
    match(drawn.stdout, /<image [^>]*href="data:image\/jpeg;base64,/);
    const linked = await run(["watch", ids[2], "-f", "svg", "--image", image, "--link", "--out", folder]);
    equal(linked.status, 0, linked.stderr);
  }));

Deno.test("watch checks its output before it asks for anything", () =>
  withTasks({}, async ({ ids, folder, requests, run }) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    for (
      const [args, message] of [
        [["--out", `${folder}/file`], /^Nothing was asked: its output .* cannot be written: /],
        [["--image", "no.jpg", "-f", "svg"], /^Cannot read the image no\.jpg: there is no such file\.\n$/],
      ] as const
    ) {
      const { status, stdout, stderr } = await run(["watch", ids[0], ...args]);
      deepEqual([status, stdout], [2, ""]);
      match(stderr, message);
    }
    const { stderr } = await run(["watch", ids[0], ids[1], "-f", "csv"]);
    match(stderr, /^The format csv is a file for each page\. Add --out DIR to write several\.\n$/);
    deepEqual(requests, []);
  }));

Deno.test("watch says how to get a result that could not be written", () =>
  withTasks({}, async ({ ids: [id], run }) => {
    const fails = (stream: string): string | null => stream === "stdout" ? "ENOSPC" : null;
    const { status, stderr } = await run(["watch", id, "--json"], { fails });
    equal(status, 1);
    match(
      stderr,
      RegExp(
        `${id}: The result could not be written to standard output: no space is left on the disk\\. ` +
          `To get it again without sending the image: ocr-regions watch ${id} --format json\\n$`,
      ),
    );
  }));

Deno.test("watch and status say only once that standard output is closed", () =>
  withTasks({}, async ({ ids, run }) => {
    const fails = (stream: string): string | null => stream === "stdout" ? "EPIPE" : null;
    for (const command of ["watch", "status"]) {
      const { status, stderr } = await run([command, ...ids, "--json"], { fails });
      equal(status, 1);
      equal(stderr.match(/could not be written to standard output: the reader has closed it\./g)?.length, 1, stderr);
    }
  }));

Deno.test("watch and status ask for no more tasks after standard output was closed", () =>
  withTasks({ workers: 100, pickupTime: 0, serviceTime: 0 }, async ({ ids, requests, run }) => {
    const fails = (stream: string): string | null => stream === "stdout" ? "EPIPE" : null;
    for (const command of ["watch", "status"]) {
      requests.length = 0;
      await run([command, ...ids], { fails });
      ok(requests.filter((method) => method === "GET").length < ids.length, `${command}: ${requests.length} requests`);
    }
  }, 100));

Deno.test("watch stops on Ctrl-C, cancels nothing, and says how to", () =>
  withTasks({ serviceTime: 60_000 }, async ({ ids, requests, run }) => {
    const { status, stderr } = await run(["watch", ...ids, "-v"], {
      heard: (text, stop) => text.includes("Pending") && stop(),
    });
    equal(status, 130);
    match(
      stderr,
      /\nStopped watching\. Tasks that have not ended continue\. To cancel: ocr-regions cancel ID\.\.\.\n$/,
    );
    equal(requests.includes("DELETE"), false);
  }));

Deno.test("--last stands for the tasks of the last submission", () =>
  withTasks({}, async ({ ids, folder, run }) => {
    const env = { XDG_STATE_HOME: folder };
    equal(
      (await run(["watch", "--last"])).stderr,
      "There is no last submission on this machine. Give the ids of the tasks instead of --last.\n",
    );
    await lastIds({ env }).remember([ID]);
    const second = lastIds({ env });
    await Promise.all([second.remember([ids[0]]), second.remember([]), second.remember([ids[1]])]);
    const { status, stdout } = await run(["status", "--last"]);
    deepEqual([status, sorted(stdout).map((line) => line.split("  ")[0])], [0, ids.slice(0, 2).sort()]);
    const { stderr } = await run(["cancel", "--last"]);
    equal(stderr.match(/^Canceled task /gm)?.length, 2);
    equal(Deno.statSync(`${folder}/ocr-regions/last-submission`).mode! & 0o777, 0o600);
  }));

Deno.test("detect remembers its tasks for --last", () =>
  withTasks({}, async ({ run }) => {
    equal((await run(["detect", PAGE, PAGE.replace("lucasta.047.jpg", "patent.png"), "--detach"])).status, 0);
    const { stdout } = await run(["status", "--last"]);
    equal(stdout.trimEnd().split("\n").length, 2);
  }));

Deno.test("an id that was cut off by a crash is not taken for one", () =>
  withTasks({}, async ({ ids: [id], folder, run }) => {
    await lastIds({ env: { XDG_STATE_HOME: folder } }).remember([id]);
    await Deno.writeTextFile(`${folder}/ocr-regions/last-submission`, ID.slice(0, 9), { append: true });
    const { status, stdout } = await run(["status", "--last"]);
    deepEqual([status, stdout.slice(0, id.length)], [0, id]);
  }));

Deno.test("without a state folder, --last says what to set, and nothing is remembered", async () => {
  deepEqual(E.isRight(await lastIds({ env: {} }).remember([ID])), true);
  const { status, stderr } = await run(["status", "--last"], { env: PAIR });
  deepEqual([status, stderr], [2, "Cannot find the last submission. Set XDG_STATE_HOME to a folder.\n"]);
});

Deno.test("nothing is remembered where that would need a permission", async () => {
  const folder = await Deno.makeTempDir();
  await lastIds({ env: { XDG_STATE_HOME: folder }, isGranted: () => false }).remember([ID]);
  deepEqual([...Deno.readDirSync(folder)], []);
  await Deno.remove(folder);
});
