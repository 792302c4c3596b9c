/**
 * Keeps a file to one process. Node.js offers no lock that ends with its process, so each process that wants the file
 * states its claim in a file of its own, and then looks for the claims of others. Claims of processes that no longer run
 * do not count. Two processes that begin at the same moment may both be refused, but never both succeed.
 *
 * @module
 */
import { open, readdir, readFile, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { codeOf } from "./reason.ts";

/** Whether a process runs, as far as it can be told. */
type Liveness = "alive" | "dead" | "unknown";

/**
 * Claims a file for this process. Rejects with an `Error` whose message is a clause if another process has it.
 *
 * @returns A function that gives the file up.
 */
export async function lock(file: string): Promise<() => Promise<void>> {
  const own = claimOf(file, process.pid, (await startOf(process.pid))?.ticks ?? UNKNOWN);
  try {
    await (await open(own, "wx")).close();
  } catch (error) {
    throw codeOf(error) === "EEXIST" ? inUse("is in use by this process,", process.pid, own) : error;
  }
  const unlock = (): Promise<void> => rm(own, { force: true });
  try {
    for (const { claim, pid, ticks } of await claimsOn(file)) {
      if (claim === own) continue;
      const liveness = await livenessOf(pid, ticks);
      if (liveness === "dead") await rm(claim, { force: true });
      else if (liveness === "alive") throw inUse("is in use by", pid, claim);
      else throw inUse("may be in use (to find out takes --allow-run) by", pid, claim);
    }
  } catch (error) {
    await unlock();
    throw error;
  }
  return unlock;
}

/** The start of a process whose start is not known. */
const UNKNOWN = "0";

function claimOf(file: string, pid: number, ticks: string): string {
  return `${file}.${pid}.${ticks}.lock`;
}

/** @param by What is known of the process. */
function inUse(by: string, pid: number, claim: string): Error {
  return new Error(`it ${by} process ${pid}. If that is another program, or none, delete ${claim}`);
}

interface Claim {
  /** The path of the claim. */
  readonly claim: string;
  readonly pid: number;
  readonly ticks: string;
}

async function claimsOn(file: string): Promise<readonly Claim[]> {
  const folder = dirname(file), name = basename(file);
  return (await readdir(folder)).flatMap((other) => {
    const [, pid, ticks] = other.startsWith(name) ? /^\.(\d+)\.(\d+)\.lock$/.exec(other.slice(name.length)) ?? [] : [];
    return pid === undefined ? [] : [{ claim: join(folder, other), pid: Number(pid), ticks }];
  });
}

async function livenessOf(pid: number, ticks: string): Promise<Liveness> {
  const start = await startOf(pid);
  // A zombie has ended, and a process with another start has only the same number, as after a restart of the machine.
  if (start !== null) return start.isZombie || ![UNKNOWN, start.ticks].includes(ticks) ? "dead" : "alive";
  try {
    process.kill(pid, 0); // sends no signal
    return "alive";
  } catch (error) {
    // Otherwise the process belongs to another user, or Deno was not permitted to ask.
    return codeOf(error) === "ESRCH" ? "dead" : codeOf(error) === "EPERM" ? "alive" : "unknown";
  }
}

/**
 * When a process started, in clock ticks since the machine did. Null if there is no such process, or if the system is
 * not Linux, or if Deno was not permitted to ask. Source: proc_pid_stat(5).
 */
async function startOf(pid: number): Promise<{ readonly ticks: string; readonly isZombie: boolean } | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // The name of the program, in parentheses, may itself contain spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { ticks: fields[19], isZombie: fields[0] === "Z" || fields[0] === "X" };
  } catch {
    return null;
  }
}
