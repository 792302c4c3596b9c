/**
 * The version of this package.
 *
 * @module
 */

/** The version of `deno.json`, which is not part of every package. `deno task check` fails if the two differ. */
export const VERSION = "0.1.0";
