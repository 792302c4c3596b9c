// The package itself: its files, its exports, its peers, and two linters of packages.
import { homedir } from "node:os";
import { join } from "node:path";
import { nodePath, NODES } from "../../scripts/lib/npm.ts";
import { run, succeed } from "../../scripts/lib/process.ts";
import versions from "../../scripts/lib/versions.json" with { type: "json" };
import { type Check, none } from "./checks.ts";
import {
  hasCommonJs,
  leakedPaths,
  missingDeclarations,
  missingTargets,
  strayFiles,
  undeclaredImports,
  wrongPeers,
} from "./package.ts";
import { type Project, ROOT } from "./project.ts";

export function packageChecks({ tools, tarball, consumer, manifest, files }: Project): readonly Check[] {
  const { name, version, exports, bin } = manifest;
  const node = nodePath(tools, NODES[0]);
  const tool = (path: string): string => join(tools, "node_modules", path);
  return [
    {
      name: "exports, programs",
      version,
      run: () => none(missingTargets(manifest, files), [...Object.keys(exports), ...Object.keys(bin)].join(" ")),
    },
    {
      name: "declarations",
      version,
      run: () => none(missingDeclarations(manifest, files), `of ${Object.keys(exports).length} exports`),
    },
    {
      name: "files",
      version,
      run: () => none(strayFiles(files), `${files.size}, and no tests`),
    },
    {
      name: "paths of this machine",
      version,
      run: () => none(leakedPaths(files, [ROOT, homedir(), Deno.cwd()]), `none in ${files.size} files`),
    },
    {
      name: "peers",
      version,
      run: () =>
        none(
          wrongPeers(manifest, versions.peers),
          Object.keys(versions.peers).map((name) => `${name} ${manifest.peerDependencies[name]}`).join(", "),
        ),
    },
    {
      name: "dependencies",
      version,
      run: () => none(undeclaredImports(manifest, files), Object.keys(manifest.dependencies ?? {}).join(", ")),
    },
    {
      name: "publint",
      version: versions.packages.publint,
      run: async () => {
        const command = [node, tool("publint/src/cli.js"), "--pack", "false", join(consumer, "node_modules", name)];
        succeed(await run(command), "publint");
        return "no fault";
      },
    },
    {
      name: "are the types wrong",
      version: versions.packages["@arethetypeswrong/cli"],
      run: async () => {
        // The resolution of Node.js 10 does not know `exports`. Without CommonJS, `require` works from 20.19 on.
        const profile = hasCommonJs(manifest) ? "node16" : "esm-only";
        const args = ["--profile", profile, "--format", "table-flipped", "--no-emoji", tarball];
        succeed(await run([node, tool("@arethetypeswrong/cli/dist/index.js"), ...args]), "attw");
        return `profile ${profile}`;
      },
    },
  ];
}
