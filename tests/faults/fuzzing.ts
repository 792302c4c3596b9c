/**
 * Generates malicious input for the two decoders, and compares them with the independent ones.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { isDeepStrictEqual } from "node:util";
import { decodeResponse } from "../../src/model/task_status.ts";
import { decodeAccessToken } from "../../src/client/token.ts";
import type { RegionsError } from "../../src/model/error.ts";
import { type Meaning, meaningOfResponse, meaningOfToken } from "./independent.ts";

/** The decoders that the library's are compared with. */
export interface Yardstick {
  readonly response: (body: unknown, id?: string) => Meaning<unknown>;
  readonly token: (text: string, now: number) => Meaning<unknown>;
}

export interface Report {
  readonly inputs: number;
  /** The numbers of accepted and rejected inputs. */
  readonly responses: { readonly accepted: number; readonly refused: number };
  readonly tokens: { readonly accepted: number; readonly refused: number };
  /** The first hundred inputs for which the library threw or returned a different result, one line each. */
  readonly differences: readonly string[];
}

/** Returns a number from 0 (inclusive) to 1 (exclusive). */
export type Random = () => number;

const NOW = 1_800_000_000_000;
const GUID = "a371d027-4b0d-4d86-8825-c8d818dd4ed9";

/** Compares the decoders for `inputs` inputs, two fifths of which are responses of the token endpoint. */
export function fuzz(
  inputs: number,
  seed: number,
  yardstick: Yardstick = { response: meaningOfResponse, token: meaningOfToken },
): Report {
  const random = mulberry(seed);
  const counts = { responses: { accepted: 0, refused: 0 }, tokens: { accepted: 0, refused: 0 } };
  const differences: string[] = [];
  const compare = <A>(
    kind: "responses" | "tokens",
    decode: () => E.Either<RegionsError, A>,
    expected: () => Meaning<unknown>,
    shown: () => string,
  ): void => {
    let got: E.Either<RegionsError, A>;
    try {
      got = decode();
    } catch (error) {
      differences.push(`threw ${error}: ${shown()}`);
      return;
    }
    counts[kind][E.isRight(got) ? "accepted" : "refused"]++;
    const wanted = expected();
    const same = E.isRight(got) ? wanted.accepted && isDeepStrictEqual(got.right, wanted.value) : !wanted.accepted;
    if (!same && differences.length < 100) {
      differences.push(`got ${JSON.stringify(got)}, expected ${JSON.stringify(wanted)}: ${shown()}`);
    }
  };

  for (let i = 0; i < inputs; i++) {
    if (i % 5 < 3) {
      const body = makeResponse(random);
      const id = pick(random, [undefined, undefined, undefined, undefined, GUID, GUID.toUpperCase(), "another", ""]);
      compare(
        "responses",
        () => decodeResponse(body, id),
        () => yardstick.response(body, id),
        () => `${JSON.stringify(body)} about ${id}`,
      );
    } else {
      const text = makeToken(random);
      compare(
        "tokens",
        () => decodeAccessToken(text, NOW),
        () => yardstick.token(text, NOW),
        () => JSON.stringify(text),
      );
    }
  }
  return { inputs, ...counts, differences };
}

/** Generates a parsed body: a valid response with up to four mutations, or an arbitrary value. */
function makeResponse(random: Random): unknown {
  if (random() < 0.05) return junk(random, 3);
  const changed = mutated(answer(random), random);
  const text = JSON.stringify(changed) ?? "null";
  // Truncated or garbled text is usually not JSON, and would not reach the decoder.
  return parse(random() < 0.1 ? garble(text, random) : text) ?? changed;
}

/** Generates a response of the token endpoint. The decoder gets its whole text. */
export function makeToken(random: Random): string {
  if (random() < 0.05) return random() < 0.5 ? noise(random) : JSON.stringify(junk(random, 3)) ?? "";
  const body = {
    access_token: pick(random, [
      "abc",
      "abc",
      "a+/=",
      "eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN",
      "a b",
      "tökén",
      "",
      "~!",
    ]),
    expires_in: pick(random, [3600, 3600, 3600, 0.5, 1, 86_400, 1e300, 1e308, 5e-324, 0, -1, "3600", null]),
    token_type: pick(random, ["Bearer", "bearer", null, 1]),
    ...pick(random, [{}, {}, { scope: "all" }, JSON.parse('{"__proto__":{"access_token":"x","expires_in":1}}')]),
  };
  const text = spell(JSON.stringify(mutated(body, random)) ?? "", random);
  return random() < 0.2 ? garble(text, random) : text;
}

function answer(random: Random): unknown {
  const taskStatus = pick(random, [
    "Pending",
    "Processing",
    "Completed",
    "Completed",
    "Completed",
    "Error",
    "NotExist",
  ]);
  const texts = (): unknown => pick(random, [null, [], ["a notice"], ["one", "two"], undefined]);
  return {
    id: pick(random, [GUID, GUID, GUID.toUpperCase(), "", null, undefined]),
    responseStatusCode: taskStatus === "Completed"
      ? pick(random, ["Ok", "Ok", "Ok", "NoAnyResultData", "ResultDataLost"])
      : pick(random, ["NotReady", "TaskNotFound", "Error", "Ok"]),
    taskStatus,
    results: pick(random, [null, undefined, [], results(random), results(random), results(random)]),
    error: pick(random, [null, undefined, { messages: texts(), warnings: texts() }]),
    ...pick(random, [
      {},
      {},
      { pages: 1 },
      { toString: null, constructor: 1, hasOwnProperty: 2 },
      JSON.parse('{"__proto__":{"id":1,"taskStatus":"Completed","results":7,"error":"x"}}'),
    ]),
  };
}

function results(random: Random): unknown[] {
  return Array.from({ length: Math.floor(random() * 3) }, () => ({
    type: pick(random, ["Other", "Other", null, undefined]),
    data: pick(random, [null, undefined, ...Array.from({ length: 4 }, () => payload(rows(random), random))]),
    ...pick(random, [{}, {}, JSON.parse('{"__proto__":{"data":1}}')]),
  }));
}

function rows(random: Random): unknown[] {
  return Array.from({ length: Math.floor(random() * 4) }, () => {
    const [x, y] = [coordinate(random), coordinate(random)];
    const [right, bottom] = [x + Math.abs(coordinate(random)), y + Math.abs(coordinate(random))];
    const corners = random() < 0.97 ? [x, y, right, bottom] : [right, y, x, bottom];
    const more = Array.from({ length: pick(random, [0, 0, 0, 0, 2, 4, 1]) }, () => coordinate(random));
    return [...corners, ...more];
  });
}

function coordinate(random: Random): number {
  return random() < 0.9
    ? Math.floor(random() * 3000)
    : pick(random, [0, -0, 0.5, -7, 2 ** 53, -(2 ** 53), 2 ** 53 + 2, 1e300, 1e-300]);
}

/** Encodes rows as Base64 in various ways. Numbers that JSON.stringify cannot write are inserted into the text. */
function payload(rows: unknown, random: Random): string {
  const json = spell(JSON.stringify(rows) ?? "", random);
  const bytes = pick(random, ["", "", "", "", "\xef\xbb\xbf", "\xef\xbb\xbf\xef\xbb\xbf", "\xff"]) + latin(json);
  const base64 = btoa(bytes);
  return pick(random, [
    base64,
    base64,
    base64,
    base64.replaceAll("=", ""),
    base64.replace(/.{5}/g, "$& \r\n"),
    base64.replaceAll("+", "-").replaceAll("/", "_"),
    `${base64}=`,
    `\u00a0${base64}`,
  ]);
}

/** Rewrites JSON in a form that JSON.stringify does not produce, and that may be invalid. */
function spell(json: string, random: Random): string {
  switch (Math.floor(random() * 12)) {
    case 0:
      return json.replaceAll(",", "\n,\t");
    case 1:
      return json.replace(/\d+/, "1e400");
    case 2:
      return json.replace(/\d+/, "-0");
    case 3:
      return json.replace(/\d+/, (digits) => `${digits}.0e0`);
    case 4:
      return json.replace(/\d+/, (digits) => `0${digits}`);
    case 5:
      return json.replace(/[a-z]/, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
    default:
      return json;
  }
}

function mutated(value: unknown, random: Random): unknown {
  let changed = value;
  for (let changes = pick(random, [0, 0, 1, 1, 1, 2, 4]); changes > 0; changes--) changed = mutate(changed, random);
  return changed;
}

/** Mutates one place: replaces, deletes or adds a value, renames a key, or swaps two values. */
function mutate(value: unknown, random: Random): unknown {
  if (random() < 0.12) return replacement(random);
  if (Array.isArray(value)) {
    const at = Math.floor(random() * value.length);
    if (value.length === 0 || random() < 0.1) return [...value, random() < 0.5 ? value[0] : replacement(random)];
    return random() < 0.1 ? value.toSpliced(at, 1) : value.with(at, mutate(value[at], random));
  }
  if (typeof value === "object" && value !== null) {
    const keys = Object.keys(value);
    const key = pick(random, keys.length === 0 ? ["results"] : keys);
    const { [key]: old, ...others } = value as Record<string, unknown>;
    if (random() < 0.1) return others;
    const name = random() < 0.05
      ? pick(random, ["ID", "taskstatus", "__proto__", "result", "data", "expires_In"])
      : key;
    return { ...others, [name]: mutate(old, random) };
  }
  if (typeof value === "number" && random() < 0.7) return coordinate(random);
  if (typeof value !== "string") return replacement(random);
  const inside = parse(fromBase64(value));
  return Array.isArray(inside) && random() < 0.8
    ? payload(mutate(inside, random), random)
    : random() < 0.5
    ? garble(value, random)
    : replacement(random);
}

function replacement(random: Random): unknown {
  return pick<unknown>(random, [
    undefined,
    null,
    true,
    false,
    "",
    "completed",
    "Paused",
    "Completed",
    "Pending",
    "Error",
    "Ok",
    "NoAnyResultData",
    "W10=",
    "W1swLCA4LCA2OTcsIDQ0MV1d",
    "e30=",
    "bnVsbA==",
    0,
    -1,
    0.5,
    2 ** 53 + 2,
    -1e300,
    [],
    [[]],
    [[1, 2, 3, 4]],
    [[4, 3, 2, 1]],
    [["1", 2, 3, 4]],
    [[1, 2, 3, 4, 5]],
    [[1, 2, 3, 4, 5, 6]],
    [null],
    ["x"],
    {},
    { data: "W10=" },
    { messages: ["x"] },
    { messages: [1], warnings: "x" },
    junk(random, 2),
  ]);
}

/** Generates an arbitrary JSON value. */
export function junk(random: Random, depth: number): unknown {
  const kind = Math.floor(random() * (depth === 0 ? 4 : 6));
  switch (kind) {
    case 0:
      return pick(random, [null, true, false]);
    case 1:
      return (random() - 0.5) * 10 ** Math.floor(random() * 20);
    case 2:
      return noise(random);
    case 3:
      return Math.floor(random() * 100);
    case 4:
      return Array.from({ length: Math.floor(random() * 4) }, () => junk(random, depth - 1));
    default:
      return Object.fromEntries(
        Array.from({ length: Math.floor(random() * 4) }, () => [
          pick(random, [
            "id",
            "taskStatus",
            "responseStatusCode",
            "results",
            "error",
            "data",
            "access_token",
            noise(random),
          ]),
          junk(random, depth - 1),
        ]),
      );
  }
}

function noise(random: Random): string {
  return String.fromCharCode(
    ...Array.from(
      { length: Math.floor(random() * 12) },
      () => Math.floor(random() < 0.8 ? 32 + random() * 95 : random() * 65_536),
    ),
  );
}

/** Changes, doubles, moves or deletes a few characters of a text. */
export function garble(text: string, random: Random): string {
  const at = Math.floor(random() * (text.length + 1));
  const to = Math.min(text.length, at + 1 + Math.floor(random() * 4));
  switch (Math.floor(random() * 4)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + text.slice(to);
    case 2:
      return text.slice(0, to) + text.slice(at);
    default:
      return text.slice(0, at) +
        pick(random, ["0", "-", "e9", '"', "[", "]", "{", ",", "=", " ", "\\", "é", "\ud800"]) + text.slice(to);
  }
}

function parse(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fromBase64(text: string): string | null {
  try {
    return atob(text);
  } catch {
    return null;
  }
}

/** Converts a text to Latin-1 characters, one per byte, as `btoa` requires. */
function latin(text: string): string {
  return /^[\0-\xff]*$/.test(text) ? text : String.fromCharCode(...new TextEncoder().encode(text));
}

export function pick<A>(random: Random, values: readonly A[]): A {
  return values[Math.floor(random() * values.length)];
}

/** Source: Tommy Ettinger's Mulberry32, in the public domain. */
export function mulberry(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let mixed = Math.imul(state ^ state >>> 15, 1 | state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}
