import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal } from "node:assert/strict";
import { isRight } from "fp-ts/lib/Either.js";
import { fixed } from "../../src/polling/schedule.ts";
import { connect } from "../../src/client/service.ts";
import { detectRegions, runTask } from "../../src/stream/watch.ts";
import { toPromise } from "../../src/stream/to_promise.ts";
import { RECOGNIZE_IMAGE, RECOGNIZE_REGIONS } from "../../src/model/recognition.ts";
import { startEmulator } from "../../src/cli/local_emulator.ts";
import { strict, watchWorkers } from "../support/workers.ts";

Deno.test(
  "startEmulator() detects and recognizes, with two threads per worker at most",
  strict,
  () =>
    watchWorkers(async (workers) => {
      const emulator = await startEmulator({ workers: 2, pickupTime: 0, serviceTime: 0 });
      ok(isRight(emulator));
      const options = { schedule: fixed({ delay: 20 }) };
      const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulator.right.fetch });
      const image = await Deno.readFile("examples/pages/lucasta.047.jpg");
      equal(workers.size, 1); // No thread for recognition is started before it is needed.
      const line = { left: 30, top: 178, right: 894, bottom: 218 };
      const title = { left: 187, top: 105, right: 760, bottom: 145 };
      const [{ regions }, { texts }, { text }] = await Promise.all([
        toPromise(detectRegions(image, {}, options)(service)),
        toPromise(runTask(RECOGNIZE_REGIONS, { image, regions: [line, title] }, options)(service)),
        toPromise(runTask(RECOGNIZE_IMAGE, { image, settings: { resultType: "Hocr" } }, options)(service)),
      ]);
      equal(regions.length, 2);
      deepEqual(texts, ["graceful, which drew respect from all men and women.", "BIOGRAPHICAL NOTICE."]);
      match(text, />graceful,<\/span>/);
      ok(workers.size <= 4, `${workers.size} threads`);
      const french = runTask(RECOGNIZE_IMAGE, { image, settings: { language: "French" } }, options)(service);
      const message = await toPromise(french).then(() => "", (error) => error.message);
      match(message, /Cannot recognize French: .*Install it with `npm install @tesseract\.js-data\/fra`/);
      await emulator.right.close();
    }),
);
