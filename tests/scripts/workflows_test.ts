import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal } from "node:assert/strict";

const FOLDER = new URL("../../.github/workflows/", import.meta.url);

/** The texts of a workflow's jobs, by their names. */
async function jobsOf(workflow: string): Promise<ReadonlyMap<string, string>> {
  const [, jobs] = (await Deno.readTextFile(new URL(workflow, FOLDER))).split("\njobs:\n");
  const [, ...parts] = jobs.split(/^ {2}(\w+):\n/m);
  return new Map(parts.flatMap((name, i) => i % 2 === 0 ? [[name, parts[i + 1]] as const] : []));
}

Deno.test("workflows pin each action by its commit, and name its version", async () => {
  let count = 0;
  for await (const { name } of Deno.readDir(FOLDER)) {
    for (const [, action] of (await Deno.readTextFile(new URL(name, FOLDER))).matchAll(/\buses: (.*)/g)) {
      match(action, /^[\w-]+\/[\w-]+@[\da-f]{40} # v\d+\.\d+\.\d+$/);
      count++;
    }
  }
  ok(count > 10);
});

Deno.test("only jobs that publish get an OIDC token, and they run nothing of this repository", async () => {
  const jobs = await jobsOf("release.yml");
  deepEqual([...jobs.keys()], ["build", "jsr", "npm"]);
  for (const [name, text] of jobs) {
    equal(text.includes("id-token: write"), name !== "build");
    if (name === "build") continue;
    ok(text.includes("needs: build\n") && text.includes("environment: release\n"));
    equal(/checkout|deno task|npx|npm (?:ci|install)/.test(text), false);
    equal([...text.matchAll(/- run: /g)].length, 1);
  }
});
