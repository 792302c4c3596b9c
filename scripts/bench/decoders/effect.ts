/** Effect Schema (effect 4). */
import { Effect, Result, Schema, SchemaIssue, SchemaTransformation } from "effect";

const Text = Schema.optional(Schema.NullOr(Schema.String));
const Texts = Schema.optional(Schema.NullOr(Schema.Array(Schema.String)));

const Rectangle = Schema.Struct({
  left: Schema.Number,
  top: Schema.Number,
  right: Schema.Number,
  bottom: Schema.Number,
});

const Region = Schema.Tuple([Schema.Number, Schema.Number, Schema.Number, Schema.Number]).pipe(Schema.decodeTo(
  Rectangle,
  SchemaTransformation.transform({
    decode: ([left, top, right, bottom]) => ({ left, top, right, bottom }),
    encode: ({ left, top, right, bottom }): readonly [number, number, number, number] => [left, top, right, bottom],
  }),
));

const Json = Schema.String.pipe(Schema.decodeTo(
  Schema.Unknown,
  SchemaTransformation.transformEffect({
    decode: (data: string) => {
      try {
        return Effect.succeed<unknown>(JSON.parse(atob(data)));
      } catch {
        return Effect.fail(new SchemaIssue.InvalidValue({ message: "expected Base64 of JSON" }));
      }
    },
    encode: (rows: unknown) => Effect.succeed(btoa(JSON.stringify(rows))),
  }),
));

const Response = Schema.Struct({
  id: Text,
  responseStatusCode: Schema.String,
  taskStatus: Schema.Literals(["Pending", "Processing", "Completed", "Error", "NotExist"]),
  results: Schema.optional(Schema.NullOr(Schema.Array(Schema.Struct({
    type: Text,
    data: Schema.optional(Schema.NullOr(Json.pipe(Schema.decodeTo(Schema.Array(Region))))),
  })))),
  error: Schema.optional(Schema.NullOr(Schema.Struct({ messages: Texts, warnings: Texts }))),
});

const decodeBody = Schema.decodeUnknownResult(Response);

export function decode(text: string): ReturnType<typeof decodeBody> {
  return decodeBody(JSON.parse(text));
}

export function isValid(reply: ReturnType<typeof decode>): boolean {
  return Result.isSuccess(reply);
}
