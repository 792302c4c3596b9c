/** The run's own reckoning: a line a check. Every wait has an end. */
import { deepStrictEqual } from "node:assert/strict";

let passed = 0;
let failed = 0;

/** Compares, and prints a line. */
export function check(title: string, actual: unknown, expected: unknown): void {
  let fault = "";
  try {
    deepStrictEqual(actual, expected);
  } catch {
    fault = `: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`.slice(0, 1000);
  }
  if (fault === "") passed++;
  else failed++;
  console.log(`${fault === "" ? "ok    " : "FAILED"} ${title}${fault}`);
}

/** What was counted: no check, but worth a line. */
export function note(text: string): void {
  console.log(`       ${text}`);
}

/** Runs a part; what it throws is one failed check, and the next part goes on. */
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

/** The last line, and whether all is well. */
export function finish(): boolean {
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0;
}

/** Waits until something holds, at most `ms` milliseconds. */
export async function until(what: string, ms: number, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + ms;
  while (!await holds()) {
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`);
    await pause(30);
  }
}

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Does the same for each, `width` at a time. */
export async function forEach<A>(items: readonly A[], width: number, act: (item: A) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) await act(items[next++]);
  };
  await Promise.all(Array.from({ length: width }, work));
}

/** `fetch` that ends after ten seconds at the latest, if nobody else ends it. */
export function ask(url: string, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(10_000), ...init });
}
