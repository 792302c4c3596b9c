/**
 * An independent implementation of the decoders, written from the service's description with another validation
 * library, as a reference for fuzzing. It shares no code with `src/`, and does not use `atob`.
 *
 * @module
 */
import * as z from "zod";

/** A decoded value, or a rejection. */
export type Meaning<A> = { readonly accepted: true; readonly value: A } | { readonly accepted: false };

const REFUSED = { accepted: false } as const;

const Coordinate = z.number().min(-(2 ** 53)).max(2 ** 53).transform((n) => n === 0 ? 0 : n);

const Rectangle = z.tuple([Coordinate, Coordinate, Coordinate, Coordinate])
  .refine(([x1, y1, x2, y2]) => x1 <= x2 && y1 <= y2)
  .transform(([left, top, right, bottom]) => ({ left, top, right, bottom }));

const Polygon = z.array(Coordinate).min(6).refine((row) => row.length % 2 === 0).transform((row) => {
  const xs = row.filter((_, i) => i % 2 === 0);
  const ys = row.filter((_, i) => i % 2 === 1);
  return {
    left: Math.min(...xs),
    top: Math.min(...ys),
    right: Math.max(...xs),
    bottom: Math.max(...ys),
    polygon: xs.map((x, i) => ({ x, y: ys[i] })),
  };
});

const Rows = z.array(z.union([Rectangle, Polygon]));

const Payload = z.string().transform((text, context) => {
  const bytes = fromBase64(text);
  const rows = bytes === null ? null : Rows.safeParse(fromJson(new TextDecoder().decode(bytes)));
  if (rows?.success) return rows.data;
  context.addIssue("no rows of numbers");
  return z.NEVER;
});

const Texts = z.array(z.string()).nullish();

const Head = z.object({
  id: z.string().nullish(),
  responseStatusCode: z.string(),
  results: z.array(z.object({ type: z.string().nullish(), data: z.string().nullish() })).nullish(),
  error: z.object({ messages: Texts, warnings: Texts }).nullish(),
});

const noticesOf = ({ error }: z.infer<typeof Head>): string[] => [...error?.messages ?? [], ...error?.warnings ?? []];

const Unfinished = Head.extend({ taskStatus: z.enum(["Pending", "Processing"]) })
  .transform(({ taskStatus, id }) => ({ _tag: taskStatus, id: id ?? "" }));

const Failed = Head.extend({ taskStatus: z.enum(["Error", "NotExist"]) })
  .transform((body) => ({ _tag: body.taskStatus, id: body.id ?? "", messages: noticesOf(body) }));

const Completed = Head.extend({
  taskStatus: z.literal("Completed"),
  responseStatusCode: z.enum(["Ok", "NoAnyResultData"]),
  results: z.array(z.object({ type: z.string().nullish(), data: Payload.nullish() })).nullish(),
}).transform((body) => ({
  _tag: body.taskStatus,
  id: body.id ?? "",
  regions: (body.results ?? []).flatMap(({ data }) => data ?? []),
  notices: [...body.error?.messages ?? [], ...body.error?.warnings ?? []],
}));

const Status = z.discriminatedUnion("taskStatus", [Unfinished, Failed, Completed]);

/** Returns the expected result of `decodeResponse(body, id)`. */
export function meaningOfResponse(body: unknown, id?: string): Meaning<unknown> {
  const status = Status.safeParse(body);
  if (!status.success) return REFUSED;
  const named = status.data.id === "" ? { ...status.data, id: id ?? "" } : status.data;
  const isOther = id !== undefined && named.id.toLowerCase() !== id.toLowerCase();
  return isOther ? REFUSED : { accepted: true, value: named };
}

const Seconds = z.coerce.number().positive();

const Token = z.object({
  access_token: z.string().trim().regex(/^[!-~]+$/),
  // Only numbers and strings are converted. Anything else, or an invalid number, means five minutes.
  expires_in: z.unknown().optional().transform((u) =>
    typeof u === "number" || typeof u === "string" ? Seconds.safeParse(u).data ?? 300 : 300
  ),
});

/** Returns the expected result of `decodeAccessToken(text, now)`. */
export function meaningOfToken(text: string, now: number): Meaning<unknown> {
  const token = Token.safeParse(fromJson(text));
  if (!token.success) return REFUSED;
  const { access_token: value, expires_in } = token.data;
  const life = 1000 * expires_in;
  return { accepted: true, value: { value, staleAt: now + life - Math.min(60_000, life / 10) } };
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const SEXTETS: ReadonlyMap<string, number> = new Map([...ALPHABET].map((c, i) => [c, i]));

/** Decodes Base64, allowing whitespace and missing padding. Source: WHATWG Infra, "forgiving-base64 decode". */
function fromBase64(text: string): Uint8Array | null {
  let digits = text.replace(/[\t\n\f\r ]/g, "");
  if (digits.length % 4 === 0) digits = digits.replace(/={1,2}$/, "");
  if (digits.length % 4 === 1) return null;
  const bytes: number[] = [];
  let bits = 0, held = 0;
  for (const digit of digits) {
    const sextet = SEXTETS.get(digit);
    if (sextet === undefined) return null;
    held = (held << 6 | sextet) & 0xffff;
    bits += 6;
    if (bits >= 8) bytes.push(held >> (bits -= 8) & 0xff);
  }
  return Uint8Array.from(bytes);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * Returns the expected result of `parseRetryAfter(header, now)` for the forms of RFC 9110, sections 5.6.7 and 10.2.3: a
 * number of seconds, or a date in the preferred format. For other values, the result must be null or a harmless delay.
 */
export function meaningOfRetryAfter(header: string, now: number): number | "anything harmless" {
  if (/^\d{1,15}$/.test(header)) return Number(header) * 1000;
  const date = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/.exec(header);
  if (date === null) return "anything harmless";
  const [, day, name, year, hours, minutes, seconds] = date;
  const time = Date.UTC(+year, MONTHS.indexOf(name), +day, +hours, +minutes, +seconds);
  const isReal = MONTHS.includes(name) && +year >= 1970 && new Date(time).toUTCString().slice(5) === header.slice(5);
  return isReal ? Math.max(0, time - now) : "anything harmless";
}

const Refusal = z.object({ error: z.string() });

/** Whether a response is an error response of the token endpoint. Source: RFC 6749, section 5.2. */
export function meaningOfRefusal(status: number, text: string): boolean {
  const isFinal = status >= 400 && status < 500 && ![408, 425, 429].includes(status);
  return isFinal && Refusal.safeParse(fromJson(text)).success;
}
