/** The memory of a process, from Linux's `/proc`. */
import { readFileSync, writeFileSync } from "node:fs";

/** Begins a new peak, and gives the memory of now, in bytes. */
export function startPeak(pid: number | "self" = "self"): number {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
  return memory(pid, "VmRSS");
}

/** The most memory that the process has had since {@linkcode startPeak}, in bytes. */
export function peakMemory(pid: number | "self" = "self"): number {
  return memory(pid, "VmHWM");
}

function memory(pid: number | "self", field: string): number {
  const line = readFileSync(`/proc/${pid}/status`, "utf8").split("\n").find((line) => line.startsWith(`${field}:`));
  return 1024 * parseInt(line?.slice(field.length + 1) ?? "");
}
