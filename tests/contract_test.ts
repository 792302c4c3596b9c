import fc from "fast-check";
import * as E from "fp-ts/lib/Either.js";
import { deepStrictEqual as deepEqual, rejects, strictEqual as equal } from "node:assert/strict";
import { cancelTask, fetchTask, submitTask } from "../src/client/operations.ts";
import { connect } from "../src/client/service.ts";
import { emulate, type EmulatorOptions } from "../src/emulator/emulator.ts";
import { taskRef } from "../src/model/task_kind.ts";
import { decodeTask, isFinal } from "../src/model/task_status.ts";
import { regions } from "./support/arbitrary.ts";
import { withContract } from "./support/contract.ts";
import { BASE, settle, STATUS } from "./support/emulator.ts";
import { anyText, base64, type Sample, SAMPLES } from "./support/kinds.ts";

const CREDENTIALS = { clientId: "id", clientSecret: "S3cret+/=" };

/** What the service finds in an image, or why it fails. */
const outcome: fc.Arbitrary<EmulatorOptions> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(regions, anyText).map(([regions, text]) => found(regions, text)) },
  {
    weight: 1,
    arbitrary: anyText.map((message) => {
      const fail = () => Promise.reject(new Error(message));
      return { detect: fail, recognize: fail, tasks: { DeskewImage: fail } };
    }),
  },
);

/** Emulates every kind that the library ships, except for PDF files, which end with `Error`. */
function found(found: Awaited<ReturnType<NonNullable<EmulatorOptions["detect"]>>>, text: string): EmulatorOptions {
  const png = () => Promise.resolve([{ type: "ImagePNG", data: base64(`\x89PNG${text}`) }]);
  return {
    detect: () => Promise.resolve(found),
    recognize: (_, { regions }) => Promise.resolve((regions ?? [null]).map(() => text)),
    tasks: {
      RecognizeTable: () => Promise.resolve([{ type: "Csv", data: base64(`${text};1`) }]),
      BinarizeImage: png,
      DeskewImage: png,
      DewarpImage: png,
      UpscaleImage: png,
    },
  };
}

/** Makes every call of a kind in every status of a task. Rejects if a request or a response violates the contract. */
async function exchange({ kind, input }: Sample, options: EmulatorOptions): Promise<void> {
  let time = 0;
  const emulator = withContract(emulate({ now: () => time, pickupTime: 1, serviceTime: 1, ...options }));
  const service = connect({ credentials: CREDENTIALS, fetch: emulator, retry: { maxAttempts: 1 } });
  const statusOf = async (id: string): Promise<string> => {
    const status = await fetchTask(kind, id)(service)();
    return E.isLeft(status) ? JSON.stringify(status.left) : status.right._tag;
  };
  const submitted = await submitTask(kind, input)(service)();
  if (E.isLeft(submitted)) throw new Error(JSON.stringify(submitted.left));
  const id = submitted.right;
  deepEqual([await statusOf(id), await statusOf("00000000-0000-0000-0000-000000000000")], ["Pending", "NotExist"]);
  time = 1;
  equal(await statusOf(id), "Processing");
  await settle();
  time = 2;
  const last = await fetchTask(kind, id)(service)();
  if (E.isLeft(last) || !isFinal(last.right)) throw new Error(JSON.stringify(last));

  // What the library itself does not call.
  const { access_token } = await (await emulator(`${BASE}/connect/token`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "client_credentials", client_id: "id", client_secret: "S3cret+/=" }),
  })).json();
  const headers = { Authorization: `Bearer ${access_token}` };
  const status = await (await emulator(`${BASE}${STATUS}?id=${id}`, { headers })).json();
  equal(status.taskStatus, last.right._tag);
  const whole = await (await emulator(`${BASE}${kind.path}?id=${id}`, { headers })).json();
  deepEqual(decodeTask(kind, whole, id, taskRef(kind, id, input).results ?? null), last);
  const refused = await emulator(`${BASE}${kind.path}?id=${id}`, { headers: { Authorization: "Bearer other" } });
  equal(refused.status, 401);
  await refused.body?.cancel();

  deepEqual(await cancelTask(id, kind)(service)(), E.right(undefined));
  equal(await statusOf(id), "NotExist");
}

for (const sample of SAMPLES) {
  Deno.test(`the library and the emulator keep the service's contract about ${sample.kind.name}`, async () => {
    await fc.assert(
      fc.asyncProperty(sample.inputs, outcome, (input, options) => exchange({ ...sample, input }, options)),
      { numRuns: 20 },
    );
  });
}

Deno.test("the contract detects violations by the library and by the service", async () => {
  const contract = withContract(() => Promise.resolve(new Response("{}")));
  const headers = { "Authorization": "Bearer token", "Content-Type": "application/json" };
  const path = `${BASE}/v5.0/ocr/DeskewImage`;
  const post = (body: unknown) => contract(path, { method: "POST", headers, body: JSON.stringify(body) });
  await rejects(post({ image: "AQID", settings: {} }), /a submission of DeskewImage violates .*Unrecognized key/s);
  await rejects(post({ image: "*" }), /a submission of DeskewImage violates .*Invalid base64/s);
  await rejects(post({}), /a submission of DeskewImage violates/);
  await rejects(post({ image: "AQID" }), /an id violates/);
  await rejects(contract(path, { headers }), /the query violates/);
  await rejects(contract(`${path}?id=1`, { headers }), /the type of a status violates/);
  await rejects(contract(`${BASE}/v5.0/ocr/deskew?id=1`, { headers }), /the kind violates/);
  const typed = withContract(() => Promise.resolve(Response.json({ taskStatus: "Paused", responseStatusCode: "Ok" })));
  await rejects(typed(`${path}?id=1`, { headers }), /a status violates .*taskStatus/s);
});
