/**
 * "Did you mean": names that are close to what somebody typed.
 *
 * @module
 */
import { editDistance } from "./edit_distance.ts";

/** The most edits between a typo and the name that was meant. */
const MAX_EDITS = 3;

/** The fewest letters of a name that stand for the whole. */
const MIN_PART = 3;

/** Of the names, those closest to a word that is none of them. Empty if none is close. Case and hyphens do not count. */
export function closest(word: string, names: readonly string[]): readonly string[] {
  const typed = letters(word);
  const parts = names.filter((name) => letters(name).includes(typed));
  if (typed.length >= MIN_PART && parts.length > 0 && parts.length <= MAX_EDITS) return parts;
  const edits = names.map((name) => editsBetween(typed, letters(name)));
  const fewest = Math.min(...edits);
  // More than half of the letters have to be right.
  return fewest > MAX_EDITS || fewest >= typed.length / 2 ? [] : names.filter((_, i) => edits[i] === fewest);
}

function letters(name: string): string {
  return name.toLowerCase().replace(/[-_ ]/g, "");
}

/** The number of edits between two words. Infinity if the lengths alone differ too much. */
function editsBetween(a: string, b: string): number {
  return Math.abs(a.length - b.length) > MAX_EDITS ? Infinity : editDistance(a, b, true);
}
