import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import * as E from "fp-ts/lib/Either.js";
import * as t from "io-ts";
import { PathReporter } from "io-ts/lib/PathReporter.js";
import { Region, TaskStatus } from "../../mod.ts";
import { string } from "../../src/model/codec.ts";
import { createCodec } from "../../src/model/type.ts";

const parts = [
  "digits",
  (u: unknown): u is number => typeof u === "number",
  (u: string, context: t.Context) =>
    /^\d+$/.test(u) ? t.success(Number(u)) : t.failure<number>(u, context, "no digits"),
  String,
] as const;
const ours = createCodec<number, string, string>(...parts);
const theirs = new t.Type<number, string, string>(...parts);

Deno.test("a codec validates and encodes as one of io-ts does", () => {
  for (const text of ["12", "x", ""]) {
    deepEqual(readable(ours.decode(text)), readable(theirs.decode(text)));
  }
  equal(ours.encode(12), "12");
  deepEqual([ours.is(1), ours.is("1")], [true, false]);
  equal(ours.asDecoder(), ours);
  equal(ours.asEncoder(), ours);
});

Deno.test("a codec is piped into one of io-ts, and one of io-ts into a codec", () => {
  const even = new t.Type<number, number, number>(
    "even",
    (u): u is number => typeof u === "number" && u % 2 === 0,
    (n, context) => n % 2 === 0 ? t.success(n) : t.failure(n, context),
    t.identity,
  );
  for (
    const piped of [ours.pipe(even), theirs.pipe(even), t.string.pipe(ours).pipe(even), string.pipe(ours).pipe(even)]
  ) {
    deepEqual(E.toUnion(piped.decode("12")), 12);
    deepEqual([E.isLeft(piped.decode("13")), E.isLeft(piped.decode("x"))], [true, true]);
    // The second codec fails in the context of the whole, and the first one in its own.
    const errors = ["13", "x"].flatMap((text) => {
      const result = piped.decode(text);
      return E.isLeft(result) ? result.left.map(({ context }) => context.map(({ actual }) => actual)) : [];
    });
    deepEqual(errors, [["13"], ["x"]]);
    equal(piped.encode(12), "12");
    deepEqual([piped.is(12), piped.is(13)], [true, false]);
  }
  equal(ours.pipe(even).name, theirs.pipe(even).name);
  equal(ours.pipe(even, "own name").name, "own name");
});

Deno.test("io-ts's combinators accept the codecs of the library, and their reporter explains them", () => {
  const Page = t.exact(t.intersection([
    t.type({ status: TaskStatus, crop: Region }),
    t.partial({ tags: t.readonlyArray(t.union([string, t.number])), digits: t.string.pipe(ours) }),
  ]));
  const page = { status: { _tag: "Pending", id: "1" }, crop: [1, 2, 3, 4], tags: ["a", 1], digits: "12", other: 0 };
  const wire = { id: "1", responseStatusCode: "NotReady", taskStatus: "Pending" };
  const decoded = Page.decode({ ...page, status: wire });
  const encoded = E.isRight(decoded) ? Page.encode(decoded.right) : null;
  deepEqual([encoded?.crop, encoded?.digits], [[1, 2, 3, 4], "12"]);
  deepEqual(
    decoded,
    E.right({
      status: { _tag: "Pending", id: "1" },
      crop: { left: 1, top: 2, right: 3, bottom: 4 },
      tags: ["a", 1],
      digits: 12,
    }),
  );
  const [message] = PathReporter.report(Page.decode({ ...page, status: wire, crop: [3, 2, 1, 4] }));
  equal(message, "expected the top-left corner before the bottom-right one");
});

/** A result without its codecs, which differ. */
function readable(result: t.Validation<number>): unknown {
  if (E.isRight(result)) return result.right;
  return result.left.map(({ value, message, context }) => ({
    value,
    message,
    context: context.map(({ key, type, actual }) => ({ key, name: type.name, actual })),
  }));
}
