import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { runInNewContext } from "node:vm";
import { isBlob, toBytes } from "../../src/internal/bytes.ts";

const BYTES = [1, 2, 3, 4, 5, 6, 7, 8];

function bytesOf(value: unknown): readonly number[] | null {
  const bytes = toBytes(value);
  return bytes === null ? null : [...bytes];
}

Deno.test("toBytes() returns the bytes that a view of any type covers", () => {
  const buffer = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, ...BYTES, 9]).buffer;
  const views = [
    new Uint8Array(buffer, 8, 8),
    new Uint8ClampedArray(buffer, 8, 8),
    new Int8Array(buffer, 8, 8),
    new Uint16Array(buffer, 8, 4),
    new Float64Array(buffer, 8, 1),
    new DataView(buffer, 8, 8),
    Buffer.from(buffer, 8, 8),
  ];
  for (const view of views) deepEqual(bytesOf(view), BYTES, view.constructor.name);
});

Deno.test("toBytes() accepts ArrayBuffer and SharedArrayBuffer", () => {
  const shared = new SharedArrayBuffer(8);
  new Uint8Array(shared).set(BYTES);
  deepEqual(bytesOf(shared), BYTES);
  deepEqual(bytesOf(new Uint8Array(BYTES).buffer), BYTES);
  deepEqual(bytesOf(new ArrayBuffer(0)), []);
});

Deno.test("toBytes() accepts views and buffers from another realm", () => {
  const values = [
    "new Uint8Array(bytes)",
    "new DataView(new Uint8Array(bytes).buffer)",
    "new Uint8Array(bytes).buffer",
  ];
  for (const value of values) {
    const foreign = runInNewContext(value, { bytes: BYTES });
    equal(foreign instanceof Uint8Array || foreign instanceof ArrayBuffer || foreign instanceof DataView, false);
    deepEqual(bytesOf(foreign), BYTES, value);
  }
});

Deno.test("toBytes() does not copy", () => {
  const source = new Uint8Array(BYTES);
  equal(toBytes(source)?.buffer, source.buffer);
});

Deno.test("toBytes() returns null for other values and for detached buffers", () => {
  const gone = new Uint8Array(BYTES);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  const fake = { buffer: new ArrayBuffer(8), byteOffset: 0, byteLength: 8, [Symbol.toStringTag]: "Uint8Array" };
  for (const value of [undefined, null, 8, "12", BYTES, {}, fake, new Blob(["12"]), gone, gone.buffer]) {
    equal(toBytes(value), null);
  }
});

Deno.test("isBlob() recognizes a Blob by its properties", () => {
  equal(isBlob(new Blob(["12"])), true);
  equal(isBlob(new File(["12"], "a.png")), true);
  equal(isBlob({ size: 2, type: "", arrayBuffer: () => Promise.resolve(new ArrayBuffer(2)) }), true);
  for (const value of [undefined, null, "12", {}, { size: 2 }, new Uint8Array(2), new Response("12")]) {
    equal(isBlob(value), false);
  }
});
