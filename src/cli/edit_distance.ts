/**
 * How different two words are.
 *
 * @module
 */

/**
 * The number of letters that are inserted, deleted or replaced to make `b` of `a`: the distance of Levenshtein.
 *
 * @param allowsSwaps Whether swapping two neighbors counts as one edit as well: the optimal string alignment distance.
 */
export function editDistance(a: string, b: string, allowsSwaps = false): number {
  let before: number[] = [], previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwapped = allowsSwaps && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      current[j] = Math.min(
        previous[j] + 1,
        current[j - 1] + 1,
        previous[j - 1] + (isSame ? 0 : 1),
        isSwapped ? before[j - 2] + 1 : Infinity,
      );
    }
    [before, previous] = [previous, current];
  }
  return previous[b.length];
}
