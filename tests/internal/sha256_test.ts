import { strictEqual as equal } from "node:assert/strict";
import { sha256 } from "../../src/internal/sha256.ts";

Deno.test("sha256() returns the results of the examples in FIPS 180-4, also for a part of a shared buffer", async () => {
  const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  equal(await sha256(new Uint8Array()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  equal(await sha256(new TextEncoder().encode("abc")), abc);
  const shared = new Uint8Array(new SharedArrayBuffer(9));
  shared.set(new TextEncoder().encode("abc"), 4);
  equal(await sha256(shared.subarray(4, 7)), abc);
});
