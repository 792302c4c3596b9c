/**
 * Valid responses of the service about tasks of any kind, mutations of them, and an independent decoder.
 *
 * @module
 */
import fc from "fast-check";
import type { Region } from "../../src/model/region.ts";
import type { TaskStatus } from "../../src/model/task_status.ts";
import { json, MAX_COORDINATE, payload, regions, rowOf, texts } from "./arbitrary.ts";

/** A valid response of the service as parsed JSON, and its meaning. */
export interface ValidResponse {
  readonly body: unknown;
  readonly expected: TaskStatus<object>;
}

/** A valid list of results, or null or nothing instead of one, and the output that they contain. */
export interface ValidResults {
  readonly wire: unknown;
  readonly output: object;
}

/** What the results of a kind of task look like. */
export interface Format {
  readonly results: fc.Arbitrary<ValidResults>;
  /** Decodes results, or returns null if they are invalid. A straightforward implementation, as a reference. */
  readonly read: (results: readonly { readonly data?: string | null }[]) => object | null;
  /** Parses the data of a result, if mutations are to be made within it. */
  readonly parse?: (data: string) => unknown;
}

/** The allowed forms of a payload. */
export const SPELLINGS: Readonly<Record<string, (json: string) => string>> = {
  plain: btoa,
  spaced: (json) => btoa(`\r\n ${json.replaceAll(",", " , ")}\t`),
  unpadded: (json) => btoa(json).replaceAll("=", ""),
  folded: (json) => btoa(json).replace(/.{5}/g, "$& \r\n"),
  marked: (json) => btoa(`\xef\xbb\xbf${json}`),
};

/**
 * Additional fields, which the decoder must ignore, since the service may add fields. An own `__proto__` is one of
 * them.
 */
export const unannounced: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc.constantFrom<Record<string, unknown>>(
  {},
  {},
  { pages: 3 },
  { toString: null, constructor: 1 },
  JSON.parse('{"__proto__": {"id": 1, "taskStatus": "Completed", "results": 1, "data": 1, "messages": 1}}'),
  JSON.parse('{"__proto__": null}'),
);

export const absent: fc.Arbitrary<null | undefined> = fc.constantFrom(undefined, null);

/** Results with the given data, or without. */
export function resultOf<A>(data: fc.Arbitrary<readonly [data: string | null | undefined, meaning: A]>) {
  return fc.tuple(data, fc.constantFrom("Other", "Text", null, undefined), unannounced)
    .map(([[data, meaning], type, more]) => ({ wire: { type, data, ...more }, meaning }));
}

const result = resultOf<readonly Region[]>(fc.oneof(
  { weight: 1, arbitrary: absent.map((data) => [data, []] as const) },
  {
    weight: 4,
    arbitrary: fc.tuple(regions, fc.constantFrom(...Object.values(SPELLINGS)))
      .map(([regions, spell]) => [spell(JSON.stringify(regions.map(rowOf))), regions] as const),
  },
));

/** The results of detections. */
export const DETECTED: Format = {
  results: fc.oneof(
    { weight: 1, arbitrary: absent.map((wire) => ({ wire, output: { regions: [] } })) },
    {
      weight: 4,
      arbitrary: fc.array(result, { maxLength: 3 }).map((list) => ({
        wire: list.map(({ wire }) => wire),
        output: { regions: list.flatMap(({ meaning }) => meaning) },
      })),
    },
  ),
  read: (results) => {
    const rows = results.flatMap(({ data }) => data ?? []).map(readRows);
    if (!rows.every((u) => Array.isArray(u))) return null;
    const regions = rows.flat().map(regionOf);
    return regions.every((u) => u !== null) ? { regions } : null;
  },
  parse: readRows,
};

const identity = fc.oneof(fc.uuid(), fc.constant("")).chain((id) =>
  fc.constantFrom(...(id === "" ? ["", null, undefined] : [id])).map((sent) => ({ id, sent }))
);

const complaint = fc.oneof(
  absent.map((error) => ({ error, messages: [] as readonly string[] })),
  fc.tuple(fc.oneof(absent, texts), fc.oneof(absent, texts), unannounced).map(([messages, warnings, more]) => ({
    error: { messages, warnings, ...more },
    messages: [...messages ?? [], ...warnings ?? []],
  })),
);

const CODES = ["Ok", "PartiallyNotFound", "NoAnyResultData", "ResultDataLost", "TaskNotFound", "NotReady", "Error"];

/** A valid response, in any form that the service's API description allows. */
export function validResponse({ results }: Format): fc.Arbitrary<ValidResponse> {
  return fc.tuple(
    identity,
    fc.constantFrom("Pending", "Processing", "Completed", "Completed", "Completed", "Error", "NotExist"),
    fc.constantFrom(...CODES),
    fc.constantFrom("Ok", "NoAnyResultData"),
    results,
    complaint,
    unannounced,
  ).map(([{ id, sent }, taskStatus, code, good, { wire, output }, { error, messages }, more]) => ({
    body: json({
      id: sent,
      responseStatusCode: taskStatus === "Completed" ? good : code,
      taskStatus,
      results: wire,
      error,
      ...more,
    }),
    expected: taskStatus === "Completed"
      ? { _tag: taskStatus, id, ...output, notices: messages }
      : taskStatus === "Error" || taskStatus === "NotExist"
      ? { _tag: taskStatus, id, messages }
      : { _tag: taskStatus, id },
  }));
}

/** A response in which one value was replaced, added or removed, and the path of that value. */
export interface Mutant {
  readonly body: unknown;
  readonly path: string;
}

/** Bytes that are not UTF-8: a lone byte, a surrogate, an overlong form, a number beyond Unicode, half a character. */
export const NOT_UTF8 = ["\xff", "\xed\xa0\x80", "\xc0\x80", "\xf4\x90\x80\x80", "\xe2\x82"];

/** A value to put into a valid response. `undefined` removes the value. */
const substitute: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, true, "", "x", "W10=", [], {}, [[1, 2, 3, 4]], [[4, 3, 2, 1]], ["x"]),
  fc.constantFrom<unknown>(
    "completed",
    "Paused",
    "Ok",
    "ResultDataLost",
    "NoAnyResultData",
    payload("{}"),
    payload("["),
    ...NOT_UTF8.map(payload),
  ),
  fc.constantFrom<unknown>(0, -1, 0.5, 1e9, -1e9, 2 ** 54, -1e300),
  fc.jsonValue({ maxDepth: 2 }),
);

/** A valid response with a single mutation, which may be within a payload. */
export function mutant(format: Format): fc.Arbitrary<Mutant> {
  const { parse = () => undefined } = format;
  return fc.tuple(validResponse(format), fc.nat(), substitute).map(([{ body }, n, value]) => {
    const places = [...placesIn(parse, body, "Response", (changed) => changed)];
    const { path, put } = places[n % places.length];
    return { body: json(put(value)), path };
  });
}

/**
 * Whether a line of a `Malformed` reports the mutation at `path`: at that path, below it or, for a number or a result
 * that is missing or superfluous, at its list.
 */
export function reports(line: string, path: string): boolean {
  const rest = (place: string): string => line.startsWith(place) ? line.slice(place.length) : "";
  return /^[:/]/.test(rest(path)) ||
    /^:/.test(rest(path.replace(/\/\d+$/, ""))) && /(?:Region|results)\/\d+$/.test(path);
}

interface Place {
  readonly path: string;
  readonly put: (value: unknown) => unknown;
}

function* placesIn(
  parse: (data: string) => unknown,
  value: unknown,
  path: string,
  put: (value: unknown) => unknown,
): Generator<Place> {
  yield { path, put };
  if (Array.isArray(value)) {
    const inside = /Regions\/\d+$/.test(path) ? `${path}/Region` : path;
    for (const [i, element] of value.entries()) {
      yield* placesIn(
        parse,
        element,
        `${inside}/${i}`,
        (changed) => put(changed === undefined ? value.toSpliced(i, 1) : value.with(i, changed)),
      );
    }
    yield { path: `${inside}/${value.length}`, put: (added) => put(added === undefined ? value : [...value, added]) };
  } else if (typeof value === "object" && value !== null) {
    for (const [key, field] of Object.entries(value)) {
      yield* placesIn(parse, field, `${path}/${key}`, (changed) => put({ ...value, [key]: changed }));
    }
  } else if (typeof value === "string" && path.endsWith("/data")) {
    const rows = parse(value);
    if (rows === undefined) return;
    yield* placesIn(
      parse,
      rows,
      `${path}/Regions`,
      (changed) => put(payload(JSON.stringify(changed === undefined ? [] : changed))),
    );
  }
}

/**
 * Decodes a response, or returns null if it is invalid. A straightforward implementation of the service's API
 * description, as a reference for `decodeTask`.
 */
export function meaningOf({ read }: Format, body: unknown): TaskStatus<object> | null {
  if (!isRecord(body)) return null;
  const { id = null, responseStatusCode: code, taskStatus, results = null, error = null } = body;
  const isMaybe = (is: (u: unknown) => boolean) => (u: unknown): boolean => u === undefined || u === null || is(u);
  const isText = (u: unknown): u is string => typeof u === "string";
  const isTexts = isMaybe((u) => Array.isArray(u) && u.every(isText));
  const isResult = (u: unknown): boolean => isRecord(u) && isMaybe(isText)(u.type) && isMaybe(isText)(u.data);
  if (!isMaybe(isText)(id) || !isText(code)) return null;
  if (!isMaybe((u) => Array.isArray(u) && u.every(isResult))(results)) return null;
  if (!isMaybe((u) => isRecord(u) && isTexts(u.messages) && isTexts(u.warnings))(error)) return null;

  const { messages, warnings } = (error ?? {}) as { messages?: string[]; warnings?: string[] };
  const notices = [...messages ?? [], ...warnings ?? []];
  const name = id as string ?? "";
  switch (taskStatus) {
    case "Pending":
    case "Processing":
      return { _tag: taskStatus, id: name };
    case "Error":
    case "NotExist":
      return { _tag: taskStatus, id: name, messages: notices };
    case "Completed": {
      if (code !== "Ok" && code !== "NoAnyResultData") return null;
      const output = read(results as { data?: string | null }[] ?? []);
      return output === null ? null : { _tag: taskStatus, id: name, ...output, notices };
    }
    default:
      return null;
  }
}

function regionOf(row: unknown): Region | null {
  if (!Array.isArray(row)) return null;
  if (!row.every((u) => typeof u === "number" && Math.abs(u) <= MAX_COORDINATE)) return null;
  const xs = row.filter((_, i) => i % 2 === 0);
  const ys = row.filter((_, i) => i % 2 === 1);
  const box = { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
  if (row.length === 4) return row[0] <= row[2] && row[1] <= row[3] ? box : null;
  return row.length >= 6 && row.length % 2 === 0 ? { ...box, polygon: xs.map((x, i) => ({ x, y: ys[i] })) } : null;
}

function readRows(data: string): unknown {
  try {
    return JSON.parse(atob(data).replace(/^\xef\xbb\xbf/, ""));
  } catch {
    return undefined;
  }
}

function isRecord(u: unknown): u is Readonly<Record<string, unknown>> {
  return typeof u === "object" && u !== null && !Array.isArray(u);
}
