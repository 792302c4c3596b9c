/**
 * The pages that can be tried.
 *
 * @module
 */

/** A page in `examples/pages`. */
export interface Example {
  readonly file: string;
  readonly title: string;
}

export const EXAMPLES: readonly Example[] = [
  { file: "lucasta.047.jpg", title: "Scanned page" },
  { file: "cavalerie.29.jpg", title: "Book photo" },
  { file: "patent.png", title: "Patent form" },
  { file: "zanotti-78.jpg", title: "Latin book" },
];
