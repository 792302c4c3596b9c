/** What codecs of records say about invalid fields. */
import { deepStrictEqual as deepEqual, ok } from "node:assert/strict";
import * as E from "fp-ts/lib/Either.js";
import type * as t from "io-ts";
import { explain } from "../../src/model/codec.ts";

/** The invalid values of each field, and what a codec says about them. */
export type FieldCases<A> = readonly (readonly [key: keyof A & string, values: readonly unknown[], expected: string])[];

/** Checks that there are cases for each field of a valid record, and that the codec explains each of them. */
export function checkFields<A extends object>(
  codec: t.Type<A, unknown, unknown>,
  valid: A,
  cases: FieldCases<A>,
): void {
  deepEqual(cases.map(([key]) => key), Object.keys(valid));
  for (const [key, values, expected] of cases) {
    for (const value of values) {
      const result = codec.decode({ ...valid, [key]: value });
      ok(E.isLeft(result), `${key} must not be ${value}`);
      const [line, ...others] = explain(result.left);
      ok(line.startsWith(`${codec.name}/${key}: ${expected}, got `), line);
      deepEqual(others, []);
    }
  }
}
