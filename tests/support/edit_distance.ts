/** The number of characters to insert, delete or replace to turn `a` into `b` (Levenshtein). */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      next.push(Math.min(next[j] + 1, row[j + 1] + 1, row[j] + (a[i] === b[j] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
}

/**
 * The number of errors of a recognized text per character of the transcription. Any white space is as good as one
 * space; every other character counts as it is printed, so that a long s (ſ) read as s is an error, as are straight
 * quotation marks instead of curly ones.
 */
export function errorRate(text: string, transcription: string): number {
  const normalize = (text: string): string => text.replace(/\s+/g, " ").trim();
  return editDistance(normalize(text), normalize(transcription)) / normalize(transcription).length;
}
