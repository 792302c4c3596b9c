// Runs programs to their end, for scripts and tests.
import { stripVTControlCharacters } from "node:util";

/** Milliseconds after which a program is ended. Even on a busy machine, only one that hangs takes as long. */
const TIME_LIMIT = 600_000;

/** What a program printed, and the status that it exited with. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program and captures its output, without colors. Does not end processes that the program leaves behind. */
export async function run([program, ...args]: readonly string[], { cwd, env }: RunOptions = {}): Promise<Outcome> {
  const command = new Deno.Command(program, {
    args,
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(TIME_LIMIT),
  });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array): string => stripVTControlCharacters(new TextDecoder().decode(bytes)).trim();
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Standard output of a program that succeeded. Throws with the end of its output if it failed. */
export function succeed({ code, stdout, stderr }: Outcome, what: string): string {
  if (code !== 0) throw new Error(`${what} failed: ${`${stdout}\n${stderr}`.trim().slice(-3000)}`);
  return stdout;
}

/** Runs Deno, in the version that runs this, and prints its output; the result is the exit status. */
export async function runDeno(args: readonly string[]): Promise<number> {
  const { code } = await new Deno.Command(Deno.execPath(), { args: [...args] }).spawn().status;
  return code;
}
