/**
 * Keeps secrets out of errors. Errors quote the service, gateways and the runtime, which may echo the token or the
 * client secret in any encoding.
 *
 * @module
 */
import { printable } from "../internal/text.ts";
import type { RegionsError } from "../model/error.ts";

/**
 * The number of consecutive characters of a secret that are redacted, or the whole secret if it is shorter. The promise
 * is eight. The search is for one less, since the character next to an echo, such as JSON's quotation mark, may happen
 * to continue it.
 */
const WINDOW = 7;

/** A text with more readings than this is assumed to be malicious, and is not shown. */
const MAX_READINGS = 500;

const REDACTED = "[redacted]";

/**
 * Returns the error without secrets: without eight consecutive characters of any secret, whether plain or encoded as
 * JSON, HTML, percent-encoding or Base64, any number of times. A plain echo is cut out. A text with an encoded echo is
 * replaced entirely.
 *
 * The running time is linear in the lengths of the error's texts, which are limited, and of the secrets.
 */
export function redactError(error: RegionsError, secrets: readonly string[]): RegionsError {
  const redact = redactor(secrets);
  const redacted = (error: RegionsError): RegionsError => {
    switch (error._tag) {
      case "Network":
      case "PermissionDenied":
      case "Unreadable":
        return { ...error, cause: redact(error.cause) };
      case "Http":
      case "Unauthorized":
        return { ...error, detail: redact(error.detail) };
      case "Malformed":
        return { ...error, errors: error.errors.map(redact) };
      case "Unconfirmed":
        return { ...error, cause: redacted(error.cause) };
      // These contain no quotes. The last failure in a `GaveUp` was redacted when it occurred.
      case "Timeout":
      case "TooLarge":
      case "GaveUp":
        return error;
    }
  };
  return redacted(error);
}

/** Returns a function that removes the secrets from a text. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const windows = secrets.filter((secret) => secret !== "").map(windowsOf);
  return (text) => windows.reduce(withoutWindows, text);
}

/** All substrings of `size` characters of a secret. */
interface Windows {
  readonly size: number;
  readonly has: (window: string) => boolean;
}

function windowsOf(secret: string): Windows {
  const folded = fold(secret);
  const size = Math.min(WINDOW, folded.length);
  const windows = new Set<string>();
  for (let i = 0; i + size <= folded.length; i++) windows.add(folded.slice(i, i + size));
  return { size, has: (window) => windows.has(window) };
}

function withoutWindows(text: string, windows: Windows): string {
  const rest = cutOut(text, windows);
  return holds(rest, windows) ? REDACTED : rest;
}

/** Replaces the parts of a text that consist of windows. */
function cutOut(text: string, { size, has }: Windows): string {
  const folded = fold(text);
  let rest = "";
  let shown = 0;
  for (let start = 0; start + size <= folded.length; start++) {
    if (!has(folded.slice(start, start + size))) continue;
    let next = start + 1;
    while (has(folded.slice(next, next + size))) next++;
    rest += text.slice(shown, start) + REDACTED;
    shown = next + size - 1;
    start = shown - 1;
  }
  return rest + text.slice(shown);
}

/** Whether any reading of the text contains a window. */
function holds(text: string, { size, has }: Windows): boolean {
  const readings = new Set([text]);
  // The iteration includes readings that are added meanwhile. It ends, since a decoder shortens a text or leaves it
  // unchanged.
  for (const reading of readings) {
    const folded = fold(reading);
    for (let i = 0; i + size <= folded.length; i++) if (has(folded.slice(i, i + size))) return true;
    for (const decode of DECODERS) readings.add(decode(reading));
    if (readings.size > MAX_READINGS) return true;
  }
  return false;
}

/**
 * Normalizes a text for comparison: as printed, in upper case, and with the spaces that forms encode as `+`. Replaces
 * each character by one character, so that positions stay the same.
 */
function fold(text: string): string {
  return printable(text).replace(/\+/g, " ").replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

/**
 * Each function decodes one layer of an encoding wherever it occurs, and leaves the rest unchanged. None of them
 * throws.
 */
const DECODERS: readonly ((text: string) => string)[] = [
  fromJson,
  fromHtml,
  fromPercent,
  // The start of the Base64 is unknown, so all four alignments are tried.
  (text) => fromBase64(text, 0),
  (text) => fromBase64(text, 1),
  (text) => fromBase64(text, 2),
  (text) => fromBase64(text, 3),
];

function fromJson(text: string): string {
  return text.replace(/\\(?:u([\da-f]{4})|([^]))/gi, (_, code: string | undefined, character: string) => {
    if (code !== undefined) return String.fromCharCode(parseInt(code, 16));
    return JSON_ESCAPES.get(character) ?? character;
  });
}

function fromHtml(text: string): string {
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));?/gi, (entity, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return HTML_ENTITIES.get(name.toLowerCase()) ?? entity;
    const code = hex === undefined ? Number(decimal) : parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : entity;
  });
}

function fromPercent(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (run) => {
    return fromUtf8(Uint8Array.from(run.slice(1).split("%"), (hex) => parseInt(hex, 16)));
  });
}

/** Decodes Base64 and Base64url in runs of eight or more digits, skipping the first `offset` digits of each run. */
function fromBase64(text: string, offset: number): string {
  return text.replace(/[\w+/-]{8,}/g, (run) => {
    const digits = run.slice(offset).replace(/-/g, "+").replace(/_/g, "/");
    // `atob` rejects a single remaining digit.
    const bytes = atob(digits.length % 4 === 1 ? digits.slice(0, -1) : digits);
    return fromUtf8(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
  });
}

function fromUtf8(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

const JSON_ESCAPES: ReadonlyMap<string, string> = /* @__PURE__ */ new Map([
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

/**
 * The entities of ASCII characters, with names in lower case. Source: the HTML standard, "Named character references".
 */
const HTML_ENTITIES: ReadonlyMap<string, string> = /* @__PURE__ */ new Map([
  ["tab", "\t"],
  ["newline", "\n"],
  ["excl", "!"],
  ["quot", '"'],
  ["num", "#"],
  ["dollar", "$"],
  ["percnt", "%"],
  ["amp", "&"],
  ["apos", "'"],
  ["lpar", "("],
  ["rpar", ")"],
  ["ast", "*"],
  ["midast", "*"],
  ["plus", "+"],
  ["comma", ","],
  ["period", "."],
  ["sol", "/"],
  ["colon", ":"],
  ["semi", ";"],
  ["lt", "<"],
  ["equals", "="],
  ["gt", ">"],
  ["quest", "?"],
  ["commat", "@"],
  ["lsqb", "["],
  ["lbrack", "["],
  ["bsol", "\\"],
  ["rsqb", "]"],
  ["rbrack", "]"],
  ["hat", "^"],
  ["lowbar", "_"],
  ["underbar", "_"],
  ["grave", "`"],
  ["diacriticalgrave", "`"],
  ["lcub", "{"],
  ["lbrace", "{"],
  ["verbar", "|"],
  ["vert", "|"],
  ["verticalline", "|"],
  ["rcub", "}"],
  ["rbrace", "}"],
]);
