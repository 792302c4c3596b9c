/** valibot 1. */
import * as v from "valibot";

const Text = v.nullish(v.string());
const Texts = v.nullish(v.array(v.string()));

const Region = v.pipe(
  v.tuple([v.number(), v.number(), v.number(), v.number()]),
  v.transform(([left, top, right, bottom]) => ({ left, top, right, bottom })),
);

const Payload = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }): unknown => {
    try {
      return JSON.parse(atob(dataset.value));
    } catch {
      addIssue({ message: "expected Base64 of JSON" });
      return NEVER;
    }
  }),
  v.array(Region),
);

const Response = v.object({
  id: Text,
  responseStatusCode: v.string(),
  taskStatus: v.picklist(["Pending", "Processing", "Completed", "Error", "NotExist"]),
  results: v.nullish(v.array(v.object({ type: Text, data: v.nullish(Payload) }))),
  error: v.nullish(v.object({ messages: Texts, warnings: Texts })),
});

export function decode(text: string): v.SafeParseResult<typeof Response> {
  return v.safeParse(Response, JSON.parse(text));
}

export function isValid(reply: ReturnType<typeof decode>): boolean {
  return reply.success;
}
