/**
 * Escapes text for XML.
 *
 * @module
 */

/**
 * Escapes text for use in XML text and attributes. Characters that XML 1.0 does not allow (section 2.2) are replaced by
 * U+FFFD. Carriage returns are escaped as well, since parsers turn literal ones into line feeds.
 */
export function escapeXml(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Cs}/gu, "\ufffd")
    .replace(/[&<>"\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
