/**
 * fast-check arbitraries, and malicious values.
 *
 * @module
 */
import fc from "fast-check";
import type { GaveUp, RegionsError, TooLarge } from "../../src/model/error.ts";
import type { PollState } from "../../src/model/poll_state.ts";
import type { Point, Region } from "../../src/model/region.ts";
import { LANGUAGES } from "../../src/model/language.ts";
import { type DetectionSettings, DSR_MODES } from "../../src/model/settings.ts";
import type { TaskStatus } from "../../src/model/task_status.ts";

/** The id of the service's own example. */
export const GUID = "a371d027-4b0d-4d86-8825-c8d818dd4ed9";

/** The largest coordinate. */
export const MAX_COORDINATE = 2 ** 53;

/** By default, fast-check also generates objects without a prototype. */
const PLAIN = { noNullPrototype: true } as const;

/** A coordinate of a region, which is never -0. */
export const coordinate: fc.Arbitrary<number> = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -100, max: 10_000 }) },
  { weight: 1, arbitrary: fc.double({ min: -MAX_COORDINATE, max: MAX_COORDINATE, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(-MAX_COORDINATE, MAX_COORDINATE, 2 ** 31, 0.1) },
).map((n) => n + 0);

/** A region with two corners. */
export const rectangle: fc.Arbitrary<Region> = fc.tuple(coordinate, coordinate, coordinate, coordinate)
  .map(([x1, y1, x2, y2]) => ({
    left: Math.min(x1, x2),
    top: Math.min(y1, y2),
    right: Math.max(x1, x2),
    bottom: Math.max(y1, y2),
  }));

const point: fc.Arbitrary<Point> = fc.record({ x: coordinate, y: coordinate }, PLAIN);

/** A region with three or more points and its bounding box. */
export const polygon: fc.Arbitrary<Region> = fc.array(point, { minLength: 3, maxLength: 6 }).map((points) => ({
  left: Math.min(...points.map(({ x }) => x)),
  top: Math.min(...points.map(({ y }) => y)),
  right: Math.max(...points.map(({ x }) => x)),
  bottom: Math.max(...points.map(({ y }) => y)),
  polygon: points,
}));

/** A region of either kind. */
export const region: fc.Arbitrary<Region> = fc.oneof({ weight: 3, arbitrary: rectangle }, {
  weight: 1,
  arbitrary: polygon,
});

/** A list of regions, possibly empty. */
export const regions: fc.Arbitrary<readonly Region[]> = fc.array(region, { maxLength: 5 });

/** A region in the format of the service. */
export function rowOf({ left, top, right, bottom, polygon }: Region): readonly number[] {
  return polygon === undefined ? [left, top, right, bottom] : polygon.flatMap(({ x, y }) => [x, y]);
}

/** Base64 of a JSON text, or of any other binary string. */
export function payload(rows: unknown): string {
  return btoa(typeof rows === "string" ? rows : JSON.stringify(rows));
}

const texts: fc.Arbitrary<readonly string[]> = fc.array(fc.string(), { maxLength: 3 });

/** A status of each kind. */
export const taskStatus: fc.Arbitrary<TaskStatus> = fc.oneof(
  fc.record({ _tag: fc.constantFrom("Pending", "Processing"), id: fc.string() }, PLAIN),
  fc.record({ _tag: fc.constantFrom("Error", "NotExist"), id: fc.string(), messages: texts }, PLAIN),
  fc.record({ _tag: fc.constant("Completed"), id: fc.string(), regions, notices: texts }, PLAIN),
);

const time: fc.Arbitrary<number> = fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0);
const count: fc.Arbitrary<number> = fc.maxSafeNat();

/** Any state that its codec accepts. */
export const pollState: fc.Arbitrary<PollState> = fc.record({
  version: fc.constant(2),
  kind: fc.constant("DetectRegions"),
  id: fc.string(),
  results: fc.option(count),
  submittedAt: fc.option(time),
  startedAt: time,
  dueAt: time,
  polls: count,
  heard: count,
  heardAt: fc.option(time),
  failures: count,
  malformed: count,
  failure: fc.option(fc.string()),
}, PLAIN);

/** Settings, some of which may be missing. */
export const settings: fc.Arbitrary<DetectionSettings> = fc.record({
  language: fc.constantFrom(...LANGUAGES),
  makeSkewCorrect: fc.boolean(),
  rotate: fc.integer().map((n) => n + 0),
  makeBinarization: fc.boolean(),
  makeContrastCorrection: fc.boolean(),
  makeUpsampling: fc.boolean(),
  dsrMode: fc.constantFrom(...DSR_MODES),
  dsrConfidence: fc.constantFrom("Default", "Low", "LowMid", "Mid", "MidHigh", "High", "Ultra", "All"),
}, { ...PLAIN, requiredKeys: [] });

const call = fc.constantFrom("token", "submit", "fetch", "cancel");
const status = fc.oneof(
  fc.constantFrom(0, 301, 400, 404, 408, 425, 429, 499, 500, 503),
  fc.integer({ min: 300, max: 599 }),
);
const milliseconds: fc.Arbitrary<number> = fc.oneof(fc.nat(10_000), fc.double({ min: 0, max: 1e12, noNaN: true }));

const direct: fc.Arbitrary<RegionsError> = fc.oneof(
  fc.record({ _tag: fc.constant("PermissionDenied"), call, cause: fc.string() }, PLAIN),
  fc.record({ _tag: fc.constant("Network"), call, cause: fc.string(), neverSent: fc.boolean() }, PLAIN),
  fc.record({ _tag: fc.constant("Timeout"), call, after: milliseconds }, PLAIN),
  fc.record(
    { _tag: fc.constant("Http"), call, status, retryAfter: fc.option(milliseconds), detail: fc.string() },
    PLAIN,
  ),
  fc.record({ _tag: fc.constant("Unauthorized"), call, detail: fc.string() }, PLAIN),
  fc.record({ _tag: fc.constant("Malformed"), errors: texts }, PLAIN),
  fc.record<TooLarge>({
    _tag: fc.constant("TooLarge"),
    call,
    what: fc.constantFrom("answer", "image"),
    limit: fc.nat(),
  }, PLAIN),
  fc.record<GaveUp>({
    _tag: fc.constant("GaveUp"),
    reason: fc.constantFrom("deadline", "maxPolls", "aborted", "schedule"),
    state: fc.option(pollState),
  }, PLAIN),
);

/** An error of each kind. */
export const regionsError: fc.Arbitrary<RegionsError> = fc.oneof(
  { weight: 7, arbitrary: direct },
  {
    weight: 1,
    arbitrary: fc.record({ _tag: fc.constant("Unconfirmed"), cause: direct }, PLAIN),
  },
);

/** A valid response of the service as parsed JSON, and its meaning. */
export interface ValidResponse {
  readonly body: unknown;
  readonly expected: TaskStatus;
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
const unannounced: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc.constantFrom<Record<string, unknown>>(
  {},
  {},
  { pages: 3 },
  { toString: null, constructor: 1 },
  JSON.parse('{"__proto__": {"id": 1, "taskStatus": "Completed", "results": 1, "data": 1, "messages": 1}}'),
  JSON.parse('{"__proto__": null}'),
);

const absent = fc.constantFrom(undefined, null);

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

const result = fc.oneof(
  { weight: 1, arbitrary: absent.map((data) => ({ data, regions: [] as readonly Region[] })) },
  {
    weight: 4,
    arbitrary: fc.tuple(regions, fc.constantFrom(...Object.values(SPELLINGS))).map(([regions, spell]) => ({
      data: spell(JSON.stringify(regions.map(rowOf))),
      regions,
    })),
  },
).chain(({ data, regions }) =>
  fc.tuple(fc.constantFrom("Other", "Text", null, undefined), unannounced)
    .map(([type, more]) => ({ wire: { type, data, ...more }, regions }))
);

const results = fc.oneof(
  { weight: 1, arbitrary: absent.map((wire) => ({ wire, regions: [] as readonly Region[] })) },
  {
    weight: 4,
    arbitrary: fc.array(result, { maxLength: 3 }).map((list) => ({
      wire: list.map(({ wire }) => wire),
      regions: list.flatMap(({ regions }) => regions),
    })),
  },
);

const CODES = ["Ok", "PartiallyNotFound", "NoAnyResultData", "ResultDataLost", "TaskNotFound", "NotReady", "Error"];

/** A valid response, in any form that the service's API description allows. */
export const validResponse: fc.Arbitrary<ValidResponse> = fc.tuple(
  identity,
  fc.constantFrom("Pending", "Processing", "Completed", "Completed", "Completed", "Error", "NotExist"),
  fc.constantFrom(...CODES),
  fc.constantFrom("Ok", "NoAnyResultData"),
  results,
  complaint,
  unannounced,
).map(([{ id, sent }, taskStatus, code, good, { wire, regions }, { error, messages }, more]) => ({
  body: json({
    id: sent,
    responseStatusCode: taskStatus === "Completed" ? good : code,
    taskStatus,
    results: wire,
    error,
    ...more,
  }),
  expected: taskStatus === "Completed"
    ? { _tag: taskStatus, id, regions, notices: messages }
    : taskStatus === "Error" || taskStatus === "NotExist"
    ? { _tag: taskStatus, id, messages }
    : { _tag: taskStatus, id },
}));

/** A response in which one value was replaced, added or removed, and the path of that value. */
export interface Mutant {
  readonly body: unknown;
  readonly path: string;
}

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
  ),
  fc.constantFrom<unknown>(0, -1, 0.5, 1e9, -1e9, 2 ** 54, -1e300),
  fc.jsonValue({ maxDepth: 2 }),
);

/** A valid response with a single mutation, which may be within a payload. */
export const mutant: fc.Arbitrary<Mutant> = fc.tuple(validResponse, fc.nat(), substitute).map(
  ([{ body }, n, value]) => {
    const places = [...placesIn(body, "Response", (changed) => changed)];
    const { path, put } = places[n % places.length];
    return { body: json(put(value)), path };
  },
);

/**
 * Whether a line of a `Malformed` reports the mutation at `path`: at that path, below it or, for a number, at its row.
 */
export function reports(line: string, path: string): boolean {
  const rest = (place: string): string => line.startsWith(place) ? line.slice(place.length) : "";
  return /^[:/]/.test(rest(path)) || /^:/.test(rest(path.replace(/\/\d+$/, ""))) && /Region\/\d+$/.test(path);
}

interface Place {
  readonly path: string;
  readonly put: (value: unknown) => unknown;
}

function* placesIn(value: unknown, path: string, put: (value: unknown) => unknown): Generator<Place> {
  yield { path, put };
  if (Array.isArray(value)) {
    const inside = /Regions\/\d+$/.test(path) ? `${path}/Region` : path;
    for (const [i, element] of value.entries()) {
      yield* placesIn(
        element,
        `${inside}/${i}`,
        (changed) => put(changed === undefined ? value.toSpliced(i, 1) : value.with(i, changed)),
      );
    }
    yield { path: `${inside}/${value.length}`, put: (added) => put(added === undefined ? value : [...value, added]) };
  } else if (typeof value === "object" && value !== null) {
    for (const [key, field] of Object.entries(value)) {
      yield* placesIn(field, `${path}/${key}`, (changed) => put({ ...value, [key]: changed }));
    }
  } else if (typeof value === "string" && path.endsWith("/data")) {
    yield* placesIn(
      readRows(value),
      `${path}/Regions`,
      (changed) => put(payload(JSON.stringify(changed === undefined ? [] : changed))),
    );
  }
}

/**
 * Decodes a response, or returns null if it is invalid. A straightforward implementation of the service's API
 * description, as a reference for `decodeResponse`.
 */
export function meaningOf(body: unknown): TaskStatus | null {
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
      const payloads = (results as { data?: string | null }[] ?? []).flatMap(({ data }) => data ?? []);
      const rows = payloads.map(readRows);
      if (!rows.every((u) => Array.isArray(u))) return null;
      const regions = rows.flat().map(regionOf);
      return regions.every((u) => u !== null) ? { _tag: taskStatus, id: name, regions, notices } : null;
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

/** A value after a round trip through JSON. */
export function json(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

/** An arbitrary value, part of which resembles a response. */
export const junk: fc.Arbitrary<unknown> = ((): fc.Arbitrary<unknown> => {
  const anything = fc.anything({
    maxDepth: 2,
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
  });
  const anyOr = (...likely: unknown[]): fc.Arbitrary<unknown> => fc.oneof(fc.constantFrom(...likely), anything);
  const results = fc.array(fc.oneof(anything, fc.record({ type: anything, data: anyOr("W10=", "W1tdXQ==", "") })));
  const body = fc.record({
    id: anyOr(GUID, null),
    responseStatusCode: anyOr("Ok", "NoAnyResultData"),
    taskStatus: anyOr("Pending", "Completed", "Error"),
    results: fc.oneof(results, anything),
    error: fc.oneof(fc.record({ messages: anything, warnings: anything }), anything),
  }, { requiredKeys: [] });
  return fc.oneof(anything, body);
})();

/** Malicious values that JSON cannot contain. Creates new ones at each call, since some can be used only once. */
export function hostileValues(): Readonly<Record<string, unknown>> {
  const refuse = (): never => {
    throw new Error("trap");
  };
  const everyTrap = new Proxy({}, { get: () => refuse });
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const cycle: unknown[] = [];
  cycle.push(cycle);
  return {
    "an object proxy whose traps throw": new Proxy({}, everyTrap),
    "an array proxy whose traps throw": new Proxy([], everyTrap),
    "a revoked proxy": revoked.proxy,
    "a getter that throws": Object.defineProperty({}, "id", { get: refuse, enumerable: true }),
    "toString, valueOf and toJSON that throw": { toString: refuse, valueOf: refuse, toJSON: refuse },
    "an object without a prototype": Object.create(null),
    "a symbol": Symbol("symbol"),
    "a bigint": 10n ** 100n,
    "a function": refuse,
    "a cycle": cycle,
    "a list of holes": new Array(3),
    "a deep value": nested(100_000),
  };
}

/** Nested arrays. */
export function nested(levels: number): unknown {
  return JSON.parse("[".repeat(levels) + "]".repeat(levels));
}

/**
 * Runs a test with the accessor `__proto__` of other runtimes, which Deno does not have. With it, copying an own
 * `__proto__` key by assignment changes the prototype of the copy.
 */
export function withProtoAccessor(test: () => void): void {
  const before = Object.getOwnPropertyDescriptor(Object.prototype, "__proto__");
  Object.defineProperty(Object.prototype, "__proto__", {
    configurable: true,
    get(this: unknown): unknown {
      return Object.getPrototypeOf(this);
    },
    set(this: object, prototype: unknown): void {
      if (typeof prototype === "object") Object.setPrototypeOf(this, prototype);
    },
  });
  try {
    test();
  } finally {
    Reflect.deleteProperty(Object.prototype, "__proto__");
    if (before !== undefined) Object.defineProperty(Object.prototype, "__proto__", before);
  }
}
