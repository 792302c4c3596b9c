/**
 * Escapes text and formats numbers for XML.
 *
 * @module
 */

/**
 * Escapes text for use in XML text, and in attributes if it has no tabs and line feeds. Characters that XML does not
 * allow are replaced. Carriage returns are escaped as well, since parsers turn literal ones into line feeds.
 */
export function escapeXml(text: string): string {
  return toAllowed(text).replace(/[&<>"\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Escapes any text for use in an attribute, in which parsers turn literal tabs and line feeds into spaces. */
export function escapeAttribute(text: string): string {
  return escapeXml(text).replace(/[\t\n]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Replaces the characters that XML 1.0 does not allow (section 2.2) by U+FFFD. */
export function toAllowed(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Cs}/gu, "\ufffd");
}

/**
 * Formats a number with at most two decimals and without an exponent, which `String` and `toFixed` use from 1e21 on.
 */
export function print(n: number): string {
  return Math.abs(n) < 1e21 ? String(Number(n.toFixed(2))) : String(BigInt(n));
}
