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
  { file: "lucasta.047.jpg", title: "Poem" },
  { file: "cavalerie.29.jpg", title: "Photograph of a book" },
  { file: "patent.png", title: "Patent, two columns" },
  { file: "zanotti-78.jpg", title: "Old Latin book" },
];
