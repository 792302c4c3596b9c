// Programs that use the library, compiled by four compilers, in each way of finding modules.
import { join } from "node:path";
import { nodePath, NODES } from "../../scripts/lib/npm.ts";
import { run, succeed } from "../../scripts/lib/process.ts";
import versions from "../../scripts/lib/versions.json" with { type: "json" };
import type { Check } from "./checks.ts";
import { hasCommonJs } from "./package.ts";
import type { Project } from "./project.ts";

const COMPILERS = ["typescript-5.4", "typescript-5.9", "typescript-6", "typescript"] as const;

const RESOLUTIONS = [
  { module: "node16", moduleResolution: "node16" },
  { module: "nodenext", moduleResolution: "nodenext" },
  { module: "esnext", moduleResolution: "bundler" },
];

const STRICT = {
  target: "es2022",
  lib: ["ES2022", "DOM", "DOM.Iterable"],
  strict: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
  noEmit: true,
};

export function typeChecks(project: Project): readonly Check[] {
  const { consumer, oldest, manifest, names } = project;
  const newest = COMPILERS.flatMap((compiler) =>
    RESOLUTIONS.map((resolution) => ({
      name: `TypeScript, ${resolution.moduleResolution}`,
      version: versionOf(compiler),
      run: async () => {
        const include = ["types"];
        // A bundler takes ES modules.
        if (hasCommonJs(manifest) && resolution.moduleResolution !== "bundler") include.push("hosts/types.cts");
        await compile(project, consumer, compiler, { ...resolution, types: [] }, include);
        // Whose globals there are has nothing to do with how modules are found, so one way is enough.
        const hasNode = resolution.moduleResolution === "nodenext";
        if (hasNode) await compile(project, consumer, compiler, { ...resolution, types: ["node"] }, include);
        return `${names} names have types${hasNode ? ", with and without @types/node" : ""}`;
      },
    }))
  );
  const [first, last] = [COMPILERS[0], COMPILERS[COMPILERS.length - 1]];
  return [
    ...newest,
    ...[first, last].map((compiler) => ({
      name: "TypeScript, oldest peers",
      version: versionOf(compiler),
      run: async () => {
        await compile(project, await oldest(), compiler, { ...RESOLUTIONS[1], types: [] }, ["types"]);
        return `${names} names have types`;
      },
    })),
  ];
}

async function compile(
  { tools }: Project,
  consumer: string,
  compiler: string,
  options: { readonly moduleResolution: string; readonly types: readonly string[] },
  include: readonly string[],
): Promise<void> {
  const typeRoots = [join(tools, "node_modules/@types")];
  const config = join(consumer, `tsconfig.${[compiler, options.moduleResolution, ...options.types].join(".")}.json`);
  await Deno.writeTextFile(config, JSON.stringify({ compilerOptions: { ...STRICT, typeRoots, ...options }, include }));
  const tsc = join(tools, "node_modules", compiler, "bin/tsc");
  succeed(await run([nodePath(tools, NODES[0]), tsc, "--project", config]), "tsc");
}

function versionOf(compiler: typeof COMPILERS[number]): string {
  return versions.packages[compiler].replace(/^.*@/, "");
}
