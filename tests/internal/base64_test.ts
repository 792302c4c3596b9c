import { ok, strictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import { toBase64 } from "../../src/internal/base64.ts";

/** The same bytes without a native `toBase64`. */
function withoutNative(bytes: Uint8Array): Uint8Array {
  return Object.defineProperty(bytes.slice(), "toBase64", { value: undefined });
}

function bytesOf(binary: string): Uint8Array {
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function sample(length: number): Uint8Array {
  return new Uint8Array(length).map((_, i) => (i * 7919) >> 3);
}

Deno.test("toBase64() returns the results of the examples in RFC 4648", () => {
  const examples = {
    "": "",
    f: "Zg==",
    fo: "Zm8=",
    foo: "Zm9v",
    foob: "Zm9vYg==",
    fooba: "Zm9vYmE=",
    foobar: "Zm9vYmFy",
  };
  for (const [text, base64] of Object.entries(examples)) {
    equal(toBase64(bytesOf(text)), base64);
    equal(toBase64(withoutNative(bytesOf(text))), base64);
  }
});

Deno.test("toBase64() uses the standard alphabet, not the URL-safe one", () => {
  const bytes = new Uint8Array([0xfb, 0xff, 0xfe]);
  equal(toBase64(bytes), "+//+");
  equal(toBase64(withoutNative(bytes)), "+//+");
});

Deno.test("toBase64() is reversible at the lengths where padding and chunks change", () => {
  const chunk = 12_288;
  const borders = [1, 2, 3].flatMap((n) => [-2, -1, 0, 1, 2].map((near) => n * chunk + near));
  for (const length of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ...borders]) {
    const bytes = sample(length);
    for (const text of [toBase64(bytes), toBase64(withoutNative(bytes))]) {
      equal(text.length, Math.ceil(length / 3) * 4);
      ok(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).every((byte, i) => byte === bytes[i]));
      equal(atob(text).length, length);
    }
  }
});

Deno.test("toBase64() is reversible and agrees with the native encoder for arbitrary bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    equal(atob(toBase64(bytes)), String.fromCharCode(...bytes));
    equal(toBase64(withoutNative(bytes)), toBase64(bytes));
  }));
});

Deno.test("toBase64() encodes only the bytes that a view covers", () => {
  const view = bytesOf("xxfoobarxx").subarray(2, 8);
  equal(toBase64(view), "Zm9vYmFy");
  const whole = Object.defineProperty(view, "toBase64", { value: undefined });
  equal(toBase64(whole), "Zm9vYmFy");
});

Deno.test("toBase64() uses the native encoder if there is one", () => {
  const bytes = Object.defineProperty(new Uint8Array(3), "toBase64", { value: () => "native" });
  equal(toBase64(bytes), "native");
});

Deno.test("toBase64() encodes 5 MB without overflowing the stack", () => {
  const bytes = sample(5_000_000);
  const text = toBase64(withoutNative(bytes));
  equal(text.length, Math.ceil(bytes.length / 3) * 4);
  equal(text, toBase64(bytes));
});
