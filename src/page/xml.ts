/**
 * Text as XML holds it.
 *
 * @module
 */

/**
 * Escapes text for use in XML text and attributes. Characters that XML 1.0 cannot contain (section 2.2) become U+FFFD.
 * A carriage return is escaped as well, since a bare one would be read as a line feed.
 */
export function escapeXml(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Cs}/gu, "\ufffd")
    .replace(/[&<>"\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
