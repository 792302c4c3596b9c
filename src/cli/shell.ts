/**
 * Words of a shell command.
 *
 * @module
 */

/** Quotes a word for a POSIX shell, if it needs that. */
export function quote(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
