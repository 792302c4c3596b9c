/**
 * The version of this package.
 *
 * @module
 */

/** The version in `deno.json`, which is not part of every package. A test compares the two. */
export const VERSION = "0.1.0";
