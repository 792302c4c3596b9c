// The smoke suite in every runtime and test runner.
import { join } from "node:path";
import { bunPath, exists, nodePath, NODES } from "../../scripts/lib/npm.ts";
import { run, succeed } from "../../scripts/lib/process.ts";
import versions from "../../scripts/lib/versions.json" with { type: "json" };
import { type Check, once, type Report } from "./checks.ts";
import { buildCommonJs } from "./commonjs.ts";
import { hasCommonJs } from "./package.ts";
import { bundle, PAGE, type Project } from "./project.ts";

export const CHROMIUM = Deno.env.get("CHROMIUM") ?? "/usr/bin/chromium";

export function runtimeChecks(project: Project): readonly Check[] {
  const { tools, consumer, oldest, manifest, server: { files, origin }, bundles } = project;
  const node = nodePath(tools, NODES[0]);
  const host = (name: string, folder = consumer): string => join(folder, "hosts", name);
  const report = async (command: readonly string[], folder = consumer): Promise<Report> => {
    const stdout = succeed(await run(command, { cwd: folder }), "the smoke suite");
    return JSON.parse(stdout.slice(stdout.lastIndexOf("\n") + 1));
  };
  /** The smoke suite and every program of the package, in a runtime that has files and threads. */
  const local = async (...runtime: readonly string[]): Promise<Report> => {
    const { version, passed } = await report([...runtime, host("local.js"), origin, PAGE]);
    for (const [name, path] of Object.entries(manifest.bin)) {
      const program = [...runtime, join(consumer, "node_modules", manifest.name, path)];
      const stdout = succeed(await run([...program, "detect", PAGE, "--emulate", "--json"], { cwd: consumer }), name);
      const { regions }: { readonly regions: readonly unknown[] } = JSON.parse(stdout);
      if (regions.length !== 2) throw new Error(`${name} found ${regions.length} regions instead of 2`);
    }
    return { version, passed: [...passed, ...Object.keys(manifest.bin)] };
  };
  /** A folder with a test for Jest and Vitest. The name that they look for is one that `deno test` would find, too. */
  const runners = once(async () => {
    const folder = join(consumer, "runners");
    await Deno.mkdir(folder);
    await Deno.copyFile(host("runner.js"), join(folder, "regions.test.js"));
    return folder;
  });
  /** What a page reports, in a browser with a fresh profile. */
  const chromium = async (path: string): Promise<Report> => {
    if (!await exists(CHROMIUM)) {
      throw new Error(`${CHROMIUM} is missing: apt-get install -y --no-install-recommends chromium, or set CHROMIUM`);
    }
    const profile = await Deno.makeTempDir({ dir: consumer });
    return await report([node, host("chromium.cjs"), tools, CHROMIUM, profile, origin, path]);
  };
  return [
    {
      name: "Deno",
      version: Deno.version.deno,
      run: () => local(Deno.execPath(), "run", "-A", "--quiet", "--node-modules-dir=manual"),
    },
    ...NODES.map((version) => ({
      name: `Node.js ${parseInt(version)}`,
      version,
      run: () => local(nodePath(tools, version)),
    })),
    {
      name: "Node.js 20, oldest peers",
      version: NODES[0],
      run: async () => {
        const script = `import { smoke } from "./smoke.js"; const passed = await smoke("${origin}");` +
          `console.log(JSON.stringify({ version: process.versions.node, passed }));`;
        return await report([node, "--input-type=module", "--eval", script], await oldest());
      },
    },
    { name: "Bun", version: versions.packages.bun, run: () => local(bunPath(tools)) },
    {
      name: "workerd",
      version: versions.packages.miniflare,
      run: async () => report([node, host("workerd.cjs"), tools, await bundles.worker(), origin]),
    },
    {
      name: "Vercel edge-runtime",
      version: versions.packages["edge-runtime"],
      run: async () => report([node, host("edge.cjs"), tools, await bundles.script(), origin]),
    },
    {
      name: "Chromium",
      version: "",
      run: async () => {
        await bundles.script();
        return await chromium("/page.html");
      },
    },
    {
      name: "Chromium, Annotorious",
      version: "",
      run: async () => {
        const folder = join(tools, "node_modules/@annotorious/annotorious");
        const script = await bundle(tools, consumer, "hosts/page.js", "iife", [
          "--loader:.css=text",
          `--alias:@annotorious/annotorious/annotorious.css=${folder}/dist/annotorious.css`,
          `--alias:@annotorious/annotorious=${folder}`,
        ]);
        files.set(
          "/annotations.html",
          `<!doctype html><meta charset="utf-8"><body><script src="/annotations.js"></script>`,
        );
        files.set("/annotations.js", await Deno.readTextFile(script));
        return await chromium("/annotations.html");
      },
    },
    {
      name: hasCommonJs(manifest) ? "CommonJS, Node.js 20" : "CommonJS of the sources",
      version: NODES[0],
      run: async () => report([node, join(await buildCommonJs(project), "commonjs.cjs"), origin, PAGE]),
    },
    {
      name: "program, as npm links it",
      version: NODES[0],
      run: async () => {
        const env = { PATH: `${join(node, "..")}:${Deno.env.get("PATH")}` };
        for (const name of Object.keys(manifest.bin)) {
          const usage = succeed(await run([join(consumer, "node_modules/.bin", name), "--help"], { env }), name);
          if (!usage.includes(`Usage: ${name} COMMAND`)) throw new Error(`${name} --help prints ${usage}`);
        }
        return Object.keys(manifest.bin).join(" ");
      },
    },
    {
      name: "Jest",
      version: versions.packages.jest,
      run: async () => {
        const jest = [node, "--experimental-vm-modules", join(tools, "node_modules/jest/bin/jest.js")];
        succeed(await run([...jest, "--rootDir", await runners()], { cwd: consumer }), "jest");
        return "one test";
      },
    },
    {
      name: "Vitest",
      version: versions.packages.vitest,
      run: async () => {
        const vitest = [node, join(tools, "node_modules/vitest/vitest.mjs"), "run", "--globals"];
        succeed(await run([...vitest, "--root", await runners()], { cwd: consumer }), "vitest");
        return "one test";
      },
    },
  ];
}
