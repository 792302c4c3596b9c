import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { fromJson, isObject, toJson } from "../../src/internal/json.ts";
import { json } from "../support/arbitrary.ts";

Deno.test("isObject() returns true only for objects in the sense of JSON", () => {
  for (const u of [{}, { a: 1 }, Object.create(null), new Date(), json({})]) equal(isObject(u), true);
  for (const u of [null, undefined, [], "", 1, true, Symbol(), 1n, () => {}]) equal(isObject(u), false);
});

Deno.test("toJson() writes bytes of any form as Base64, and everything else as JSON does", () => {
  const bytes = new Uint8Array([0, 1, 2, 3, 4]);
  const files = [
    bytes.subarray(1, 4),
    Buffer.from([1, 2, 3]),
    new DataView(bytes.buffer, 1, 3),
    new Uint8ClampedArray([1, 2, 3]),
    Object.assign(bytes.slice(1, 4), { toJSON: () => "its own" }),
  ];
  for (const file of files) {
    equal(toJson(file), '{"$base64":"AQID"}');
    equal(toJson({ file, more: [file] }), '{"file":{"$base64":"AQID"},"more":[{"$base64":"AQID"}]}');
  }
  equal(toJson(new Uint8Array()), '{"$base64":""}');
  for (const value of [null, "a", 1, [1, null], { a: undefined, b: "\u2028" }, new Date(0)]) {
    equal(toJson(value), JSON.stringify(value));
  }
});

Deno.test("fromJson() returns what toJson() was given", () => {
  const part = fc.oneof(fc.jsonValue(), fc.uint8Array(), fc.constant(JSON.parse('{"__proto__": {"a": 1}}')));
  const value = fc.oneof(part, fc.array(part), fc.dictionary(fc.string(), part, { noNullPrototype: true }));
  fc.assert(fc.property(value, (value) => {
    const read = fromJson(toJson(value));
    // -0 is 0 in JSON.
    equal(toJson(read), toJson(value));
    deepEqual(fromJson(toJson(read)), read);
  }));
  const file = Uint8Array.from({ length: 1_000_000 }, (_, i) => i % 251);
  ok(toJson(fromJson(toJson({ file }))) === toJson({ file }));
});

Deno.test("fromJson() keeps objects that only resemble bytes", () => {
  for (const text of ['{"$base64":"*"}', '{"$base64":1}', '{"$base64":"AQID","more":1}', '["$base64"]']) {
    deepEqual(fromJson(text), JSON.parse(text));
  }
});

Deno.test("fromJson() returns undefined for what is not JSON", () => {
  for (const text of ["", "{", "undefined", "{'a': 1}"]) equal(fromJson(text), undefined);
});
