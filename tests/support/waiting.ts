import { fail } from "node:assert/strict";
import type { Next, Wait } from "../../src/polling/step.ts";

/** Returns the step as a `Wait`, and throws if it is `Done`. */
export function waiting(next: Next): Wait {
  return next._tag === "Wait" ? next : fail(`expected Wait, got ${JSON.stringify(next)}`);
}
