import { strictEqual as equal } from "node:assert/strict";
import { isObject } from "../../src/internal/json.ts";
import { json } from "../support/arbitrary.ts";

Deno.test("isObject() returns true only for objects in the sense of JSON", () => {
  for (const u of [{}, { a: 1 }, Object.create(null), new Date(), json({})]) equal(isObject(u), true);
  for (const u of [null, undefined, [], "", 1, true, Symbol(), 1n, () => {}]) equal(isObject(u), false);
});
