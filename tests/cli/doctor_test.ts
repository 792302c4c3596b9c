import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal } from "node:assert/strict";
import { isRight } from "fp-ts/lib/Either.js";
import type { Doctor } from "../../src/cli/command.ts";
import { runDoctor } from "../../src/cli/doctor/doctor.ts";
import type { Io } from "../../src/cli/io.ts";
import { createTerminal } from "../../src/cli/terminal.ts";
import { emulate, type EmulatorOptions, Recording } from "../../src/emulator/emulator.ts";
import { serve } from "../../src/emulator/serve.ts";
import { withFolder } from "../files/folder.ts";

const CREDENTIALS = { OCR_CLIENT_ID: "client-zyxwvutsrq", OCR_CLIENT_SECRET: "s3cr3t-klmnopghijk" };

/** Runs the command in this process. */
async function run(
  options: Partial<Doctor>,
  { env = {}, confirm, onWrite = () => {}, onText = () => {} }: {
    readonly env?: Record<string, string>;
    readonly confirm?: Io["confirm"];
    readonly onWrite?: (stop: () => void) => unknown;
    /** Called with all of standard error. */
    readonly onText?: (text: string) => unknown;
  } = {},
) {
  const controller = new AbortController();
  const said = { stdout: "", stderr: "" };
  const io: Io = {
    env,
    stdout: { write: (text) => said.stdout += text },
    stderr: {
      write: async (text) => {
        // A terminal takes its time.
        await Promise.resolve();
        onText(said.stderr += text);
        onWrite(() => controller.abort());
      },
    },
    signal: controller.signal,
    ...confirm === undefined ? {} : { confirm },
  };
  const command: Doctor = {
    _tag: "Doctor",
    yes: false,
    record: null,
    replay: null,
    trial: false,
    emulate: false,
    json: false,
    ...options,
  };
  return { status: await runDoctor(command, io, createTerminal(io)), ...said };
}

/** Runs the command against an emulator on a socket. */
async function against(
  emulator: EmulatorOptions,
  options: Partial<Doctor>,
  { env = CREDENTIALS, ...more }: Parameters<typeof run>[1] = {},
) {
  const handle = emulate(emulator);
  const requests: Request[] = [];
  const server = await serve((request) => {
    requests.push(request);
    return handle(request);
  }, 0);
  try {
    return { ...await run(options, { env: { ...env, OCR_BASE_URL: server.url }, ...more }), requests };
  } finally {
    await server.close();
  }
}

Deno.test("ocr-regions doctor without a terminal and without --yes sends nothing, and states what it would send", async () => {
  const { status, stdout, stderr, requests } = await against({}, {});
  deepEqual([status, stdout, requests.length], [2, "", 0]);
  match(
    stderr,
    /^This sends at most 49 calls to http:\/\/127\.0\.0\.1:\d+, 7 of them with an image, and takes at most /,
  );
  match(stderr, /Nothing was sent, since there is no terminal to ask on\. To agree in advance, add --yes\.\n$/);
});

Deno.test("ocr-regions doctor asks on the terminal, and sends nothing if the answer is no", async () => {
  const questions: string[] = [];
  let shown = "";
  const confirm = (answer: boolean) => (question: string): Promise<boolean> => {
    questions.push(question);
    // Whoever is asked has read what is to be sent.
    match(shown, /^This sends at most 49 calls to [^\n]*\n$/);
    return Promise.resolve(answer);
  };
  const slowly = { onText: (text: string) => shown = text };
  const declined = await against({}, {}, { confirm: confirm(false), ...slowly });
  deepEqual([declined.status, declined.stdout, declined.requests.length], [2, "", 0]);
  match(declined.stderr, /Nothing was sent\.\n$/);
  const agreed = await against({}, {}, { confirm: confirm(true), ...slowly });
  equal(agreed.status, 0, agreed.stderr);
  ok(agreed.requests.length > 0);
  deepEqual(questions, ["Send them? [y/N] ", "Send them? [y/N] "]);
});

Deno.test("ocr-regions doctor that is stopped while it asks sends nothing, with status 130", async () => {
  let stop = (): void => {};
  const { status, requests } = await against({}, {}, {
    onWrite: (abort) => stop = abort,
    confirm: () => {
      stop();
      return Promise.resolve(false);
    },
  });
  deepEqual([status, requests.length], [130, 0]);
});

Deno.test("ocr-regions doctor --yes sends what it states, prints the report, and writes a recording", async () => {
  await withFolder(async (folder) => {
    const record = `${folder}/service.json`;
    const { status, stdout, stderr, requests } = await against({}, { yes: true, record });
    equal(status, 0, stderr);
    match(stdout, /^About the service at http:\/\/127\.0\.0\.1:\d+, from \d+ calls, 7 with an image\./);
    const text = await Deno.readTextFile(record);
    const recording = Recording.decode(JSON.parse(text));
    equal(isRight(recording) && recording.right.exchanges.length, requests.length);
    ok(!text.includes(CREDENTIALS.OCR_CLIENT_SECRET) && !text.includes(CREDENTIALS.OCR_CLIENT_ID));

    // The report about the recording is the same, but for what it is about.
    const again = `${folder}/again.json`;
    const replayed = await run({ replay: record, record: again });
    equal(replayed.status, 0, replayed.stderr);
    equal(await Deno.readTextFile(again), text);
    const body = (report: string): string => report.slice(report.indexOf("\n\n1. "));
    equal(body(replayed.stdout), body(stdout));
  });
});

Deno.test("ocr-regions doctor without credentials uses the trial endpoint, without a token", async () => {
  const recognize = () => Promise.resolve([{ type: "Text", data: btoa("LETTER") }]);
  const options = { tasks: { RecognizeImageTrial: recognize } };
  const { status, stdout, stderr, requests } = await against(options, { yes: true }, { env: {} as typeof CREDENTIALS });
  equal(status, 0, stderr);
  match(
    stderr,
    /^OCR_CLIENT_ID and OCR_CLIENT_SECRET are not set, so this uses the trial endpoint, which needs no account\.\n/,
  );
  match(stdout, /^About the trial endpoint at /);
  ok(requests.every(({ url, headers }) => url.includes("/RecognizeImageTrial") && !headers.has("Authorization")));
});

Deno.test("ocr-regions doctor --trial uses the trial endpoint although there are credentials", async () => {
  const { requests } = await against({}, { yes: true, trial: true });
  ok(requests.length > 0);
  ok(requests.every(({ url, headers }) => url.includes("/RecognizeImageTrial") && !headers.has("Authorization")));
});

Deno.test("ocr-regions doctor --trial does not read the credentials", async () => {
  const read: string[] = [];
  const env = new Proxy<Record<string, string>>({}, {
    get: (_, name) => {
      read.push(String(name));
      return undefined;
    },
  });
  await run({ trial: true }, { env });
  deepEqual(read.filter((name) => name.startsWith("OCR_")), ["OCR_BASE_URL"]);
});

Deno.test("ocr-regions doctor explains credentials that are refused", async () => {
  const { status, stdout, stderr, requests } = await against({ credentials: { clientId: "a", clientSecret: "b" } }, {
    yes: true,
  });
  deepEqual([status, stdout, requests.length], [1, "", 1]);
  match(stderr, /credentials/);
});

Deno.test("ocr-regions doctor --emulate asks nothing, and finds the words of its page", async () => {
  const { status, stdout, stderr } = await run({ emulate: true, json: true });
  equal(status, 0, stderr);
  const { subject, questions } = JSON.parse(stdout);
  equal(subject, "the emulator in this program, which is not the service");
  const answers = Object.fromEntries(questions.map(({ name, answer }: Record<string, unknown>) => [name, answer]));
  match(answers["statuses"], /Completed with Ok/);
  equal(answers["rotate"], "Rotate had no visible effect: the regions are the same as without it.");
  equal(answers["text-order"], "By the field order.");
});

Deno.test("ocr-regions doctor stops when it is told to, and reports what it has", async () => {
  await withFolder(async (folder) => {
    const record = `${folder}/service.json`;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const { status, stdout, stderr, requests } = await against({ serviceTime: 60_000 }, { yes: true, record }, {
      onWrite: (stop) => timer ??= setTimeout(stop, 500),
    });
    equal(status, 130, stderr);
    match(stderr, /Stopped after \d+ calls\.\n$/);
    match(stdout, /^About the service at /);
    // A call that was in flight is not in the recording.
    const { exchanges } = JSON.parse(await Deno.readTextFile(record));
    ok(exchanges.length > 0 && requests.length - exchanges.length <= 1, `${exchanges.length} of ${requests.length}`);
    ok(requests.filter(({ method }) => method === "POST").length <= 2, "the token and one image");
  });
});

Deno.test("ocr-regions doctor reports a recording that cannot be read or written before it sends anything", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/text.json`, "{");
    await Deno.writeTextFile(`${folder}/other.json`, '{"version":1,"exchanges":[{}]}');
    const cases: readonly (readonly [Partial<Doctor>, RegExp])[] = [
      [{ replay: `${folder}/none.json` }, /^Cannot read the recording .*none\.json: there is no such file\.\n$/],
      [{ replay: `${folder}/text.json` }, /^Cannot read the recording .*text\.json: it is not JSON\.\n$/],
      [
        { replay: `${folder}/other.json` },
        /^Cannot read the recording .*: Recording\/exchanges\/0\/request: expected an /,
      ],
      [{ record: folder, yes: true }, /^Cannot write the recording .*: it is a folder\.\n$/],
    ];
    for (const [options, message] of cases) {
      const { status, stdout, stderr } = await run(options, { env: CREDENTIALS });
      deepEqual([status, stdout], [2, ""]);
      match(stderr, message);
    }
  });
});
