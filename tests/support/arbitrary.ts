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

/** Messages of the service. */
export const texts: fc.Arbitrary<readonly string[]> = fc.array(fc.string(), { maxLength: 3 });

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
  sizeClass: fc.option(fc.string()),
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
  fc.record({ _tag: fc.constant("Unreadable"), cause: fc.string() }, PLAIN),
  fc.record<GaveUp>({
    _tag: fc.constant("GaveUp"),
    reason: fc.constantFrom("deadline", "maxPolls", "aborted", "schedule"),
    state: fc.option(pollState),
  }, PLAIN),
);

/** An error of each kind. */
export const regionsError: fc.Arbitrary<RegionsError> = fc.oneof(
  { weight: 8, arbitrary: direct },
  {
    weight: 1,
    arbitrary: fc.record({ _tag: fc.constant("Unconfirmed"), cause: direct }, PLAIN),
  },
);

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
