/**
 * "Did you mean": names that are close to what somebody typed.
 *
 * @module
 */

/** The most edits between a typo and the name that was meant. */
const MAX_EDITS = 3;

/** The fewest letters of a name that stand for the whole. */
const MIN_PART = 3;

/** Of the names, those closest to a word that is none of them. Empty if none is close. Case and hyphens do not count. */
export function closest(word: string, names: readonly string[]): readonly string[] {
  const typed = letters(word);
  const parts = names.filter((name) => letters(name).includes(typed));
  if (typed.length >= MIN_PART && parts.length > 0 && parts.length <= MAX_EDITS) return parts;
  const edits = names.map((name) => distance(typed, letters(name)));
  const fewest = Math.min(...edits);
  // More than half of the letters have to be right.
  return fewest > MAX_EDITS || fewest >= typed.length / 2 ? [] : names.filter((_, i) => edits[i] === fewest);
}

function letters(name: string): string {
  return name.toLowerCase().replace(/[-_ ]/g, "");
}

/**
 * The number of letters that are inserted, deleted, replaced or swapped with their neighbor: the optimal string alignment
 * distance. Infinity if the lengths alone differ too much.
 */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MAX_EDITS) return Infinity;
  let before: number[] = [], previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1], isSwapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
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
