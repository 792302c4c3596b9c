// What bundlers make of everything that runs in browsers, and the smoke suite in it.
import { join } from "node:path";
import { nodePath, NODES } from "../../scripts/lib/npm.ts";
import { run, succeed } from "../../scripts/lib/process.ts";
import versions from "../../scripts/lib/versions.json" with { type: "json" };
import type { Check } from "./checks.ts";
import { bundle, type Project } from "./project.ts";

export function bundleChecks({ tools, consumer, oldest, server: { origin }, bundles }: Project): readonly Check[] {
  const node = nodePath(tools, NODES[0]);
  /** Runs a bundle as a script, where neither `require` nor `import` would find a module of Node.js. */
  const smoke = async (consumer: string, script: string): Promise<string> => {
    const host = [node, join(consumer, "hosts/script.cjs"), script, origin];
    const { passed }: { readonly passed: readonly string[] } = JSON.parse(
      succeed(await run(host), "the smoke suite in the bundle"),
    );
    const { size } = await Deno.stat(script);
    return `${(size / 1000).toFixed(0)} kB: ${passed.join(" ")}`;
  };
  const bundlers = ["webpack", "rollup", "vite"] as const;
  return [
    {
      name: "esbuild, browser",
      version: versions.packages.esbuild,
      run: async () => await smoke(consumer, await bundles.script()),
    },
    {
      name: "esbuild, worker",
      version: versions.packages.esbuild,
      run: async () => `${((await Deno.stat(await bundles.worker())).size / 1000).toFixed(0)} kB, run by workerd below`,
    },
    ...bundlers.map((bundler) => ({
      name: bundler,
      version: versions.packages[bundler],
      run: async () => {
        const outfile = join(consumer, `${bundler}.browser.js`);
        const script = join(consumer, `bundlers/${bundler}.cjs`);
        const command = [node, script, tools, join(consumer, "browser.js"), outfile];
        succeed(await run(command, { cwd: consumer }), bundler);
        return await smoke(consumer, bundler === "vite" ? join(outfile, "bundle.js") : outfile);
      },
    })),
    {
      name: "esbuild, oldest peers",
      version: versions.packages.esbuild,
      run: async () => await smoke(await oldest(), await bundle(tools, await oldest(), "browser.js", "iife")),
    },
  ];
}
