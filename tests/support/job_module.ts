/** A module whose threads run the jobs of `startJobPool` in tests. */
import process from "node:process";
import { threadId } from "node:worker_threads";
import { runJobs } from "../../src/emulator/job_pool.ts";

/** What a job does: returns the id of its thread after so many milliseconds, fails, ends the thread, or never returns. */
export type TestJob = number | "fail" | "exit" | "hang";

export const NAME = "tester";

runJobs(NAME, async (job: TestJob): Promise<number> => {
  if (job === "fail") throw new Error("It failed");
  if (job === "exit") process.exit(3);
  while (job === "hang");
  await new Promise((resolve) => setTimeout(resolve, job));
  return threadId;
});
