/** Checks that print one line each, and waits with a time limit. */
import { deepStrictEqual } from "node:assert/strict";

let passed = 0;
let failed = 0;

/** Compares two values and prints the result. */
export function check(title: string, actual: unknown, expected: unknown): void {
  let problem = "";
  try {
    deepStrictEqual(actual, expected);
  } catch {
    problem = `: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`.slice(0, 1000);
  }
  if (problem === "") passed++;
  else failed++;
  console.log(`${problem === "" ? "ok    " : "FAILED"} ${title}${problem}`);
}

/** Prints additional information. */
export function note(text: string): void {
  console.log(`       ${text}`);
}

/** Runs a part of the tests. If it throws, counts that as one failed check. */
export async function part(title: string, run: () => Promise<void>): Promise<void> {
  const begin = Date.now();
  console.log(`\n${title}`);
  try {
    await run();
  } catch (error) {
    failed++;
    console.log(`FAILED ${title}: ${error instanceof Error ? error.message : error}`);
  }
  note(`${((Date.now() - begin) / 1000).toFixed(1)} s`);
}

/** Prints the totals, and returns whether all checks passed. */
export function finish(): boolean {
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0;
}

/** Waits until `holds` returns true. Throws after `ms` milliseconds. */
export async function until(what: string, ms: number, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + ms;
  while (!await holds()) {
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`);
    await pause(30);
  }
}

/** Waits `ms` milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Calls `act` for each item, for `width` items at a time. */
export async function forEach<A>(items: readonly A[], width: number, act: (item: A) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) await act(items[next++]);
  };
  await Promise.all(Array.from({ length: width }, work));
}

/** Calls `fetch` with a time limit of ten seconds, unless `init` has a signal. */
export function request(url: string, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(10_000), ...init });
}
