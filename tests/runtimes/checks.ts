// Runs checks, and prints a line for each.

export interface Check {
  readonly name: string;
  readonly version: string;
  /** Rejects with what is wrong. The result is what to print; a runtime reports its own version. */
  readonly run: () => Promise<string | Report>;
}

/** What a runtime reports. */
export interface Report {
  readonly version: string;
  readonly passed: readonly string[];
}

/** This many checks run at a time. */
const CONCURRENCY = 2;

/** Runs the checks, prints them in order, and returns how many failed. The last line has the counts. */
export async function runChecks(checks: readonly Check[]): Promise<number> {
  const waiting = [...checks];
  const lines = new Map<Check, { readonly ok: boolean; readonly line: string }>();
  let printed = 0;
  const work = async (): Promise<void> => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      lines.set(check, await settle(check));
      for (let next = lines.get(checks[printed]); next !== undefined; next = lines.get(checks[printed])) {
        console.log(next.line);
        printed++;
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  const failed = [...lines.values()].filter(({ ok }) => !ok).length;
  console.log(`${lines.size - failed} passed, ${failed} failed`);
  return failed;
}

async function settle(check: Check): Promise<{ readonly ok: boolean; readonly line: string }> {
  const { name, version } = check;
  const toLine = (outcome: string, version: string, detail: string): string =>
    `${outcome} ${name.padEnd(24)} ${version.padEnd(14)} ${detail}`;
  try {
    const result = await check.run();
    const line = typeof result === "string"
      ? toLine("ok    ", version, result)
      : toLine("ok    ", result.version, result.passed.join(" "));
    return { ok: true, line };
  } catch (error) {
    return { ok: false, line: toLine("FAILED", version, error instanceof Error ? error.message : String(error)) };
  }
}

/** A result of `detail` if there are no faults. */
export function none(faults: readonly string[], detail: string): Promise<string> {
  return faults.length === 0 ? Promise.resolve(detail) : Promise.reject(new Error(faults.join("; ")));
}

/** A function that runs another one at the first call, and has the same result at all others. */
export function once<A>(run: () => Promise<A>): () => Promise<A> {
  let result: Promise<A> | null = null;
  return () => result ??= run();
}
