/**
 * The images of the tasks, and their correct results.
 *
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import type { Region } from "../../mod.ts";

/** Returns the correct outcome of a task: one in twenty fails, and each of the others has a different region. */
export function truthOf(task: number): readonly Region[] | string {
  return task % 20 === 19 ? `Image ${task} cannot be read.` : [{ left: 0, top: 0, right: task, bottom: task % 7 }];
}

export function imageOf(task: number): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`image ${task}`);
}

export function taskOf(image: Uint8Array): number {
  return Number(new TextDecoder().decode(image).slice("image ".length));
}

/** Whether a final status is correct for a task. */
export function isTrueOf(task: number, status: { readonly _tag: string }): boolean {
  const truth = truthOf(task);
  const id = "id" in status ? status.id : null;
  return isDeepStrictEqual(
    status,
    typeof truth === "string"
      ? { _tag: "Error", id, messages: [truth] }
      : { _tag: "Completed", id, regions: truth, notices: [] },
  );
}
