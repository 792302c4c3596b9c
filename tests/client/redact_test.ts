import { Buffer } from "node:buffer";
import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/lib/Either.js";
import { cancelTask, fetchRegions, submitImage } from "../../src/client/operations.ts";
import { redactError, redactor } from "../../src/client/redact.ts";
import {
  brief,
  gaveUp,
  http,
  malformed,
  network,
  permissionDenied,
  type RegionsError,
  timeout,
  tooLarge,
  unauthorized,
  unconfirmed,
} from "../../src/model/error.ts";
import { toError } from "../../src/model/describe.ts";
import { connect, type Req } from "../../src/client/service.ts";
import { describe } from "../../src/model/describe.ts";
import { ID, mock, type Responder, text, token } from "../support/mock.ts";

const SECRET = "eyJhbGciOi.J'9+<&\"/\\ %=";

/** Encodes each character of a text separately. */
const each = (encode: (character: string) => string) => (text: string): string => Array.from(text, encode).join("");

const json = (text: string): string => JSON.stringify(text).slice(1, -1);
const unicode = (text: string): string =>
  text.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
const bytesOf = (text: string): readonly number[] => [...new TextEncoder().encode(text)];
const percent = (text: string): string =>
  bytesOf(text).map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
const form = (text: string): string => new URLSearchParams({ "": text }).toString().slice(1);
const entity = (radix: 10 | 16): (text: string) => string =>
  each((character) => `&#${radix === 16 ? "x" : ""}${(character.codePointAt(0) ?? 0).toString(radix)};`);
const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")
    .replaceAll("'", "&apos;");
const upperHex = (text: string): string => text.replace(/[\da-f]+/g, (digits) => digits.toUpperCase());

/** Encodings per character, so that the encoding of a part is a part of the encoding. */
const ENCODINGS: Readonly<Record<string, (text: string) => string>> = {
  "as it is": (text) => text,
  "in lower case": each((character) => /[A-Z]/.test(character) ? character.toLowerCase() : character),
  "JSON": json,
  "JSON, the slash escaped": (text) => json(text).replaceAll("/", "\\/"),
  "JSON twice": (text) => json(json(text)),
  "JSON, all escaped": unicode,
  "JSON, all escaped, in capitals": (text) => unicode(text).replace(/[a-f]/g, (digit) => digit.toUpperCase()),
  "JSON, all escaped, twice": (text) => json(unicode(text)),
  "percent": encodeURIComponent,
  "percent in lower case": (text) => encodeURIComponent(text).replace(/%../g, (byte) => byte.toLowerCase()),
  "percent, all escaped": percent,
  "percent, all escaped, in capitals": (text) => upperHex(percent(text)),
  "percent twice": (text) => encodeURIComponent(encodeURIComponent(text)),
  "form": form,
  "form twice": (text) => form(form(text)),
  "HTML": escapeHtml,
  "HTML twice": (text) => escapeHtml(escapeHtml(text)),
  "HTML in JSON": (text) => json(escapeHtml(text)),
  "HTML, decimal": entity(10),
  "HTML, hexadecimal": entity(16),
  "HTML, hexadecimal, in capitals": (text) => entity(16)(text).toUpperCase(),
};

function base64(bytes: readonly number[]): string {
  return Buffer.from(bytes).toString("base64");
}

const toUrl = (digits: string): string => digits.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** Base64 of the text after `offset` other bytes. */
const inBase64 = (before: number) => (text: string): string =>
  base64([...new Array(before).fill(0x3e), ...bytesOf(text)]);

const ECHOES: Readonly<Record<string, (text: string) => string>> = {
  ...ENCODINGS,
  "Base64": inBase64(0),
  "Base64, one byte late": inBase64(1),
  "Base64, two bytes late": inBase64(2),
  "Base64url": (text) => toUrl(inBase64(0)(text)),
  "Base64url, one byte late": (text) => toUrl(inBase64(1)(text)),
  "Base64 in JSON, the slash escaped": (text) => inBase64(2)(text).replaceAll("/", "\\/"),
  "Base64 in percent": (text) => encodeURIComponent(inBase64(1)(text)),
  "JSON in Base64": (text) => base64(bytesOf(JSON.stringify({ text }))),
};

/** All possible decodings of the Base64 in a text, with one character per byte. */
function bytesIn(text: string): string {
  const runs = text.match(/[\w+/-]{8,}/g) ?? [];
  return runs.flatMap((run) => [0, 1, 2, 3].map((at) => Buffer.from(run.slice(at), "base64").toString("latin1")))
    .join();
}

/** Fails if eight consecutive characters of the secret can be read from a text. */
function checkHidden(shown: string, secret: string): void {
  const bytes = bytesIn(shown);
  const characters = Array.from(secret);
  for (let i = 0; i + 8 <= characters.length; i++) {
    const run = characters.slice(i, i + 8).join("");
    for (const [name, encode] of Object.entries(ENCODINGS)) ok(!shown.includes(encode(run)), `${name}: ${shown}`);
    ok(!bytes.includes(Buffer.from(run).toString("latin1")), `Base64: ${shown}`);
  }
}

/** All forms in which a caller can print an error. */
function show(error: RegionsError): string {
  const thrown = toError(error);
  return [JSON.stringify(error), describe(error), brief(error), String(thrown), JSON.stringify(thrown)].join("\n");
}

Deno.test("redactor() removes a secret in every encoding", () => {
  const redact = redactor([SECRET]);
  for (const [name, encode] of Object.entries(ECHOES)) {
    const shown = redact(`The token ${encode(SECRET)} is bad.`);
    ok(shown.includes("[redacted]"), `${name}: ${shown}`);
    checkHidden(shown, SECRET);
  }
});

Deno.test("redactor() cuts only the secret out of plain text", () => {
  const cases: [readonly string[], string, string][] = [
    [[SECRET], `The token ${SECRET} is bad.`, "The token [redacted] is bad."],
    [[SECRET], `The token ${SECRET.slice(3, 11)} is bad.`, "The token [redacted] is bad."],
    [[SECRET], `The token ${SECRET.slice(3, 9)} is bad.`, `The token ${SECRET.slice(3, 9)} is bad.`],
    [[SECRET], `${SECRET}${SECRET}`, "[redacted][redacted]"],
    [[SECRET], `${SECRET}, ${SECRET.toLowerCase()}`, "[redacted], [redacted]"],
    [["abc"], "abcd xABC", "[redacted]d x[redacted]"],
    [["ß"], "Straße", "Stra[redacted]e"],
    [[SECRET, "0123456789"], `a 0123456789 b ${SECRET} c`, "a [redacted] b [redacted] c"],
    [[""], "text", "text"],
    [[], "text", "text"],
    [[SECRET], "", ""],
  ];
  for (const [secrets, text, expected] of cases) equal(redactor(secrets)(text), expected);
});

Deno.test("redactor() replaces a text with an encoded secret entirely", () => {
  const redact = redactor(["S3cret+/=0"]);
  equal(redact("client_secret=S3cret%2B%2F%3D0"), "[redacted]");
  equal(redact(`Authorization: Basic ${btoa("id:S3cret+/=0")}`), "[redacted]");
});

Deno.test("redactor() leaves ordinary texts unchanged", () => {
  const redact = redactor([SECRET, "9f86d081884c7d659a2feaa0c55ad015"]);
  for (
    const text of [
      "error sending request: client error (Connect): tcp connect error: Connection refused (os error 111)",
      `<!DOCTYPE html> <html lang="en"> <h1>502 Bad Gateway</h1> <p>R&amp;D, 100&#37; sure, caf&eacute;</p>`,
      "https://login.example/authorize?redirect_uri=https%3A%2F%2Fapp.example%2Fcb%3Fa%3D1%26b%3D%252F&amp;scope=x",
      'Response/results/0/data/Regions/2/Region/3: expected number, got "C:\\\\Users\\\\😀"',
      "%, %4, %zz, %ff%fe, &, &#, &#x;, &#1114112;, &nope;, \\, \\u12",
    ]
  ) equal(redact(text), text);
});

Deno.test("redactError() redacts every text of an error", () => {
  const redact = (error: RegionsError): RegionsError => redactError(error, [SECRET]);
  const echo = `a ${SECRET} b`;
  const hidden = "a [redacted] b";
  deepEqual(redact(network("fetch", echo)), network("fetch", hidden));
  deepEqual(redact(permissionDenied("fetch", echo)), permissionDenied("fetch", hidden));
  deepEqual(redact(http("fetch", 503, 7, echo)), http("fetch", 503, 7, hidden));
  deepEqual(redact(unauthorized("token", echo)), unauthorized("token", hidden));
  deepEqual(redact(malformed(["x", echo])), malformed(["x", hidden]));
  deepEqual(redact(unconfirmed(network("submit", echo))), unconfirmed(network("submit", hidden)));
  for (const error of [timeout("fetch", 1), tooLarge("fetch", 1), gaveUp("deadline", null)]) {
    equal(redact(error), error);
  }
});

Deno.test("redactor() takes linear time for any text and secret", () => {
  const cases: readonly ((size: number) => string)[] = [
    (size) => "a".repeat(8 * size),
    (size) => `${"a".repeat(7)}b`.repeat(size),
    (size) => "%25".repeat(3 * size),
    (size) => "&amp;".repeat(2 * size),
    (size) => "\\".repeat(8 * size),
    (size) => "&#".repeat(4 * size),
    (size) => `%${"25".repeat(4 * size)}`,
    (size) => `&${"amp;".repeat(2 * size)}`,
    (size) => new Array(8).fill(0).reduce(btoa, "x".repeat(size)),
  ];
  for (const [i, make] of cases.entries()) {
    // The shorter of two, since other tests run at the same time.
    const measure = (size: number): number => {
      const redact = redactor([`${"a".repeat(10 * size - 1)}b`]);
      const text = make(size);
      return Math.min(...[1, 2].map(() => {
        const start = performance.now();
        redact(text);
        return performance.now() - start;
      }));
    };
    const few = Math.max(1, measure(200)), many = measure(2_000);
    // The ratio is about 10 if the time is linear, and about 100 if it is quadratic. It is up to 25 where small texts
    // have fewer readings.
    ok(many < 60 * few, `case ${i}: ${few} ms, and ${many} ms for 10 times as much`);
  }
});

/** A character of a token, which is valid in a header. */
const tokenCharacter = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));

/** Secrets of 8 to 10,000 characters. */
const secretOf = (unit: "binary" | fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 5, arbitrary: fc.string({ unit, minLength: 8, maxLength: 60, size: "max" }) },
    { weight: 1, arbitrary: fc.string({ unit, minLength: 60, maxLength: 10_000, size: "max" }) },
  );

/** A text that echoes a secret, or eight or more of its characters. */
interface Echo {
  readonly secret: string;
  readonly text: string;
}

const echoOf = (secrets: fc.Arbitrary<string>): fc.Arbitrary<Echo> =>
  fc.record({
    secret: secrets,
    name: fc.constantFrom(...Object.keys(ECHOES)),
    start: fc.oneof(fc.constant(0), fc.nat({ max: 9_000 })),
    length: fc.oneof(fc.constant(10_000), fc.integer({ min: 8, max: 40 })),
    before: fc.string({ unit: "binary", maxLength: 330 }),
    after: fc.string({ unit: "binary", maxLength: 40 }),
  }).map(({ secret, name, start, length, before, after }) => {
    const characters = Array.from(secret);
    const from = Math.min(start, characters.length - 8);
    const part = characters.slice(from, from + length).join("");
    return { secret, text: before + ECHOES[name](part) + after };
  });

const status = (fields: object): Responder =>
  text(JSON.stringify({ id: ID, responseStatusCode: "Ok", taskStatus: "Completed", ...fields }));

/** All kinds of responses to a request that contain a text. */
const ANSWERS: readonly ((echo: string) => Responder)[] = [
  (echo) => text(echo, 400),
  (echo) => text(echo, 401),
  (echo) => text(echo, 503),
  (echo) => text(JSON.stringify({ title: echo, detail: echo, status: 400 }), 400),
  (echo) => text(JSON.stringify({ error: "invalid_client", error_description: echo }), 400),
  (echo) => text(JSON.stringify({ message: echo }), 422),
  (echo) => text(`x${echo}`),
  (echo) => text(JSON.stringify(echo)),
  (echo) => text(JSON.stringify({ access_token: [echo], expires_in: echo })),
  (echo) => status({ taskStatus: echo }),
  (echo) => status({ taskStatus: "Pending", id: echo }),
  (echo) => status({ results: [{ data: base64(bytesOf(JSON.stringify([[echo, 1, 2, 3]]))) }] }),
  (echo) => status({ results: [{ data: `!${echo}` }] }),
  (echo) => () => Promise.reject(new Error(echo)),
  (echo) => () => Promise.reject(new TypeError("fetch failed", { cause: new Error(echo) })),
];

const CALLS: readonly Req<unknown>[] = [fetchRegions(ID), submitImage(new Uint8Array(1)), cancelTask(ID)];

/**
 * Checks that no error of a call reveals the secret. It is echoed in the response to the call or to the token request.
 */
async function checkErrors(
  { secret, text }: Echo,
  answer: Responder,
  call: Req<unknown>,
  toToken: boolean,
): Promise<void> {
  const script = toToken ? { token: [answer] } : { fetch: [answer], submit: [answer], cancel: [answer] };
  const errors: RegionsError[] = [];
  const service = connect({
    ...toToken ? { credentials: { clientId: "id", clientSecret: secret } } : { token: secret },
    fetch: mock(script).fetch,
    retry: { maxAttempts: 2, minDelay: 1, maxDelay: 1 },
    onRetry: ({ error }) => errors.push(error),
  });
  const outcome = await call(service)();
  ok(E.isLeft(outcome), text);
  for (const error of [...errors, outcome.left]) checkHidden(show(error), Array.from(secret).slice(0, 400).join(""));
}

const route = fc.record({ answer: fc.constantFrom(...ANSWERS), call: fc.constantFrom(...CALLS) });

Deno.test("errors never contain eight consecutive characters of a token that the service echoes", async () => {
  await fc.assert(
    fc.asyncProperty(echoOf(secretOf(tokenCharacter)), route, async (echo, { answer, call }) => {
      await checkErrors(echo, answer(echo.text), call, false);
    }),
    { numRuns: 200, endOnFailure: true },
  );
});

Deno.test("errors never contain eight consecutive characters of a client secret that the token endpoint echoes", async () => {
  const secrets = secretOf("binary").map((secret) => secret.trim()).filter((secret) => Array.from(secret).length >= 8);
  await fc.assert(
    fc.asyncProperty(echoOf(secrets), route, async (echo, { answer, call }) => {
      await checkErrors(echo, answer(echo.text), call, true);
    }),
    { numRuns: 200, endOnFailure: true },
  );
});

Deno.test("errors for a token of 10,000 characters are the same as for others", async () => {
  const long = "0123456789".repeat(1_000);
  for (const answer of [text(`Token ${long} is bad`, 400), text("x".repeat(16_000_000)), text(`"${long}"`)]) {
    const service = connect({
      credentials: { clientId: "id", clientSecret: "secret" },
      ...mock({ fetch: [answer], token: [token(long)] }),
      retry: { maxAttempts: 1 },
    });
    const reply = await fetchRegions(ID)(service)();
    ok(E.isLeft(reply));
    checkHidden(show(reply.left), "0123456789012345");
  }
});
