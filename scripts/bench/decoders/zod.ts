/** zod 4, with its compiled fast path (`new Function`), which it leaves out where that is forbidden. */
import * as z from "zod";

const Text = z.string().nullish();
const Texts = z.array(z.string()).nullish();

const Region = z.tuple([z.number(), z.number(), z.number(), z.number()])
  .transform(([left, top, right, bottom]) => ({ left, top, right, bottom }));

const Payload = z.string().transform((data, context): unknown => {
  try {
    return JSON.parse(atob(data));
  } catch {
    context.addIssue("expected Base64 of JSON");
    return z.NEVER;
  }
}).pipe(z.array(Region));

const Response = z.object({
  id: Text,
  responseStatusCode: z.string(),
  taskStatus: z.enum(["Pending", "Processing", "Completed", "Error", "NotExist"]),
  results: z.array(z.object({ type: Text, data: Payload.nullish() })).nullish(),
  error: z.object({ messages: Texts, warnings: Texts }).nullish(),
});

export function decode(text: string): z.ZodSafeParseResult<z.output<typeof Response>> {
  return Response.safeParse(JSON.parse(text));
}

export function isValid(reply: ReturnType<typeof decode>): boolean {
  return reply.success;
}
