import { deepStrictEqual as deepEqual } from "node:assert/strict";
import { chmod, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

const TOOLS = new URL("../../.ci/tools", import.meta.url).pathname;
const UPDATE = "apt-get update -qq";
const INSTALL = "apt-get install -y -qq --no-install-recommends";

/** The commands that `.ci/tools` runs on a machine with these programs. */
async function commandsOn(
  programs: readonly string[],
  { uid = 0, env = {} }: { readonly uid?: number; readonly env?: Record<string, string> } = {},
): Promise<readonly string[]> {
  const folder = await Deno.makeTempDir();
  try {
    const log = join(folder, "log");
    const stub = async (name: string, script: string): Promise<void> => {
      await writeFile(join(folder, name), `#!/bin/bash\n${script}\n`);
      await chmod(join(folder, name), 0o755);
    };
    await stub("id", `echo ${uid}`);
    await stub("sudo", `echo -n "sudo " >> ${log}; "$@"`);
    await stub("apt-get", `echo "apt-get $*" >> ${log}`);
    for (const program of programs) await stub(program, "");
    await symlink("/bin/bash", join(folder, "bash"));
    await writeFile(log, "");
    const { code } = await new Deno.Command("/bin/bash", {
      args: [TOOLS],
      clearEnv: true,
      env: { PATH: folder, ...env },
    }).output();
    deepEqual(code, 0);
    return (await Deno.readTextFile(log)).split("\n").slice(0, -1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const ALL = ["chromium", "redis-server", "zsh", "fish"];

Deno.test(".ci/tools installs each program that is missing, and no other", async () => {
  deepEqual(await commandsOn(ALL), []);
  for (const missing of ALL) {
    const others = ALL.filter((program) => program !== missing);
    deepEqual(await commandsOn(others), [UPDATE, `${INSTALL} ${missing}`]);
  }
  deepEqual(await commandsOn([]), [UPDATE, `${INSTALL} ${ALL.join(" ")}`]);
});

Deno.test(".ci/tools takes the browser that CHROMIUM names", async () => {
  const env = { CHROMIUM: "google-chrome" }, [, ...others] = ALL;
  deepEqual(await commandsOn(["google-chrome", ...others], { env }), []);
  deepEqual(await commandsOn(others, { env }), [UPDATE, `${INSTALL} chromium`]);
});

Deno.test(".ci/tools uses sudo unless it is root", async () => {
  deepEqual(await commandsOn([], { uid: 1000 }), [`sudo ${UPDATE}`, `sudo ${INSTALL} ${ALL.join(" ")}`]);
});
