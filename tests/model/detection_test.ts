import { deepStrictEqual as deepEqual, notStrictEqual, ok, strictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/lib/Either.js";
import { explain } from "../../src/model/codec.ts";
import { DETECT_REGIONS } from "../../src/model/detect_regions.ts";
import { DETECTION, Detection, DETECTION_OUTPUT } from "../../src/model/detection.ts";
import { taskRef } from "../../src/model/task_kind.ts";
import { json, payload, regions } from "../support/arbitrary.ts";
import { IMAGE } from "../support/kinds.ts";
import { REGION } from "../support/statuses.ts";

const DATA = payload([[0, 8, 697, 441]]);

Deno.test("Detection decodes the regions of all results as one list", () => {
  deepEqual(Detection.decode([]), E.right({ regions: [] }));
  deepEqual(Detection.decode([{ type: "Other", data: DATA }]), E.right({ regions: [REGION] }));
  const several = [{ data: DATA }, {}, { data: "W10=" }, { data: null }, { data: DATA }];
  deepEqual(Detection.decode(several), E.right({ regions: [REGION, REGION] }));
});

Deno.test("Detection names the result, the row and the number that are invalid", () => {
  const results = [{ data: DATA }, { data: payload([[0, 8, 697, 441], [0, 8, "697", 441]]) }];
  const output = Detection.decode(results);
  ok(E.isLeft(output));
  deepEqual(explain(output.left), ['Detection/1/data/Regions/1/Region/2: expected number, got "697"']);
});

Deno.test("Detection encodes a page without text as no results", () => {
  deepEqual(Detection.encode({ regions: [] }), []);
  deepEqual(Detection.encode({ regions: [REGION] }), [{ type: "Other", data: payload([[0, 8, 697, 441]]) }]);
});

Deno.test("Detection is unchanged by a round trip through JSON", () => {
  fc.assert(fc.property(regions, (regions) => {
    const wire = json(Detection.encode({ regions })) as { data: string }[];
    deepEqual(Detection.decode(wire), E.right({ regions }));
    deepEqual(DETECTION_OUTPUT.decode(wire), E.right({ regions }));
  }));
});

Deno.test("Detection.is() accepts only detections", () => {
  equal(Detection.is({ regions: [REGION] }), true);
  for (const u of [null, [], {}, { regions: null }, { regions: [[0, 8, 697, 441]] }, [REGION]]) {
    equal(Detection.is(u), false);
  }
});

Deno.test("DETECTION reads what DETECT_REGIONS submits", () => {
  equal(DETECTION.name, DETECT_REGIONS.name);
  equal(DETECTION.path, DETECT_REGIONS.path);
  equal(DETECTION.output, DETECT_REGIONS.output);
  deepEqual(taskRef(DETECT_REGIONS, "1", { image: IMAGE }), { kind: "DetectRegions", id: "1", results: null });
});

Deno.test("DETECTION_OUTPUT does not change the results", () => {
  const results = Object.freeze([Object.freeze({ data: DATA }), Object.freeze({ data: DATA })]);
  const first = DETECTION_OUTPUT.decode(results), second = DETECTION_OUTPUT.decode(results);
  deepEqual(first, second);
  notStrictEqual(first, second);
});
