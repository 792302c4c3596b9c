/** io-ts as its documentation has it: nested `t.tuple` and `t.array`, and a codec of one's own where it transforms. */
import * as E from "fp-ts/lib/Either.js";
import * as t from "io-ts";
import type { Region as Rectangle } from "../../../src/core.ts";

const Text = t.union([t.string, t.null, t.undefined]);
const Texts = t.union([t.array(t.string), t.null, t.undefined]);

const Row = t.tuple([t.number, t.number, t.number, t.number]);

const Region = new t.Type<Rectangle, readonly number[], unknown>(
  "Region",
  (u): u is Rectangle => typeof u === "object" && u !== null && "left" in u,
  (u, context) => E.map(toRectangle)(Row.validate(u, context)),
  ({ left, top, right, bottom }) => [left, top, right, bottom],
);

const Regions = t.array(Region);

const Payload = new t.Type<Rectangle[], string, unknown>(
  "Payload",
  Regions.is,
  (u, context) =>
    E.chain((data: string) => {
      try {
        return Regions.validate(JSON.parse(atob(data)), context);
      } catch {
        return t.failure<Rectangle[]>(data, context, "expected Base64 of JSON");
      }
    })(t.string.validate(u, context)),
  (regions) => btoa(JSON.stringify(Regions.encode(regions))),
);

const Response = t.type({
  id: Text,
  responseStatusCode: t.string,
  taskStatus: t.keyof({ Pending: null, Processing: null, Completed: null, Error: null, NotExist: null }),
  results: t.union([t.array(t.type({ type: Text, data: t.union([Payload, t.null, t.undefined]) })), t.null]),
  error: t.union([t.type({ messages: Texts, warnings: Texts }), t.null, t.undefined]),
});

function toRectangle([left, top, right, bottom]: t.TypeOf<typeof Row>): Rectangle {
  return { left, top, right, bottom };
}

export function decode(text: string): t.Validation<t.TypeOf<typeof Response>> {
  return Response.decode(JSON.parse(text));
}

export function isValid(reply: ReturnType<typeof decode>): boolean {
  return E.isRight(reply);
}
