/**
 * The values of options: each function returns one that reads a text, as commander's `argParser` takes it.
 *
 * @module
 */
import { CommanderError } from "commander";
import { closest } from "./suggest.ts";
import { listed } from "./words.ts";

/** How many names a sentence lists. */
const MAX_NAMES = 12;

const UNITS: ReadonlyMap<string, number> = new Map([["ms", 1], ["s", 1000], ["m", 60_000], ["h", 3_600_000]]);

/** Ends the parsing with a sentence for the user. */
export function refuse(sentence: string): never {
  throw new CommanderError(2, "regions.refused", sentence);
}

/** A whole number from `min` to `max`. */
export function wholeNumber(option: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d{1,10}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    refuse(`The option ${option} must be a whole number from ${min} to ${max}: current value is "${text}".`);
  };
}

/** A number greater than 0. */
export function positiveNumber(option: string): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}(?:\.\d{1,9})?$/.test(text) ? Number(text) : 0;
    return value > 0 ? value : refuse(`The option ${option} must be a number above 0: current value is "${text}".`);
  };
}

/** A duration with its unit, such as `1500ms`, `90s`, `10m` or `1h`, in milliseconds. Only 0 needs no unit. */
export function duration(option: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const [, amount, unit] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/i.exec(text) ?? ["", text === "0" ? "0" : "", "ms"];
    const value = amount === "" ? NaN : Number(amount) * (UNITS.get(unit.toLowerCase()) ?? NaN);
    if (value >= min && value <= max) return value;
    const range = min > 0 ? `from ${min / 1000}s to ${max / 3_600_000}h` : `of at most ${max / 3_600_000}h`;
    refuse(
      `The option ${option} must be a duration ${range}, with its unit, such as 90s or 10m: current value is "${text}".`,
    );
  };
}

/** The name of a file or folder. */
export function path(option: string): (text: string) => string {
  return (text) => {
    if (text === "") refuse(`The option ${option} requires a name.`);
    // An option is more probable than such a file.
    return text.startsWith("-") && text !== "-"
      ? refuse(`The option ${option} requires a name. If ${text} is one, write ./${text}.`)
      : text;
  };
}

/** Any text that is not empty. */
export function word(option: string): (text: string) => string {
  return (text) =>
    text === "" || text.startsWith("-")
      ? refuse(`The option ${option} requires a value: current value is "${text}".`)
      : text;
}

/**
 * One of several names. Upper and lower case are the same, and so are `-`, `_` and a space.
 *
 * @param what What the names are, in the singular.
 */
export function choice<A extends string>(
  what: string,
  names: readonly A[],
  aliases: Readonly<Record<string, A>> = {},
): (text: string) => A {
  return (text) => {
    const plain = simplify(text);
    const found = names.find((name) => simplify(name) === plain) ??
      Object.entries(aliases).find(([alias]) => simplify(alias) === plain)?.[1];
    if (found !== undefined) return found;
    refuse(`Unknown ${what} "${text}".${advise(text, names)}`);
  };
}

/** Several names of a `choice`, separated by commas. If the option is repeated, its values add up. */
export function choices(
  one: (text: string) => string,
): (text: string, previous: readonly string[] | undefined) => readonly string[] {
  return (text, previous = []) => [...new Set([...previous, ...text.split(",").map((name) => one(name.trim()))])];
}

function simplify(name: string): string {
  return name.toLowerCase().replace(/[-_ ]/g, "");
}

function advise(text: string, names: readonly string[]): string {
  const advice = didYouMean(text, names);
  if (advice !== "") return advice;
  return names.length <= MAX_NAMES
    ? ` Expected ${listed(names, "or")}.`
    : ` Expected one of ${names.length} names, such as ${names.slice(0, MAX_NAMES / 3).join(", ")}.`;
}

/** A question after a sentence about an unknown name; empty if no name is close. */
export function didYouMean(text: string, names: readonly string[]): string {
  const close = closest(text, names);
  return close.length === 0 ? "" : ` Did you mean ${listed(close, "or")}?`;
}
