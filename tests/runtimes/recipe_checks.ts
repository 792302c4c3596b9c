// The recipes for web pages: compiled against the packages that they import, and run.
import { join } from "node:path";
import { bunPath, esbuild, exists, nodePath, NODES } from "../../scripts/lib/npm.ts";
import { run, succeed } from "../../scripts/lib/process.ts";
import versions from "../../scripts/lib/versions.json" with { type: "json" };
import { type Check, once } from "./checks.ts";
import { copy, PAGE, type Project, ROOT } from "./project.ts";
import { prepareRecipes } from "./recipes.ts";
import { servePage } from "./recipe_page.ts";
import { checkServer } from "./recipe_servers.ts";
import { CHROMIUM } from "./runtime_checks.ts";

const OPTIONS = {
  target: "es2022",
  lib: ["ES2022", "DOM", "DOM.Iterable"],
  module: "esnext",
  moduleResolution: "bundler",
  allowImportingTsExtensions: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  // Frameworks are checked with the settings that they recommend.
  skipLibCheck: true,
  jsx: "react-jsx",
  experimentalDecorators: true,
};

/** The compilers, and the files that they compile. */
const COMPILERS = {
  "vue-tsc": {
    types: ["node"],
    include: ["**/*.ts", "**/*.tsx", "**/*.vue"],
    exclude: ["server/deno.ts", "server/bun.ts", "entries"],
  },
  "ngc": { types: [], include: ["page/angular_main.ts"] },
  "svelte-check": { types: ["svelte"], include: ["page/detect.ts", "page/*.svelte"] },
  "tsc": { types: ["bun"], include: ["server/bun.ts"] },
};

/** The pages, and their modules. Without its command line, Angular is compiled in the browser. */
const PAGES = {
  "React in Chromium": ["../page/react_main.tsx"],
  "Angular in Chromium": ["@angular/compiler", "../page/angular_main.ts"],
};

/** The servers. */
const SERVERS = ["node", "hono", "express", "bun", "deno"] as const;

/** The session of the client, for `server/handler.ts`. */
const SESSION = "1234";

export function recipeChecks({ tools, tarball, consumer }: Project): readonly Check[] {
  const node = nodePath(tools, NODES[0]);
  const project = once(async () => {
    const recipes = await prepareRecipes(ROOT, tarball, join(consumer, "../recipes"));
    await copy(join(ROOT, "tests/runtimes"), recipes.consumer, ["hosts"]);
    await Deno.writeTextFile(
      join(recipes.consumer, "tsconfig.json"),
      JSON.stringify({ compilerOptions: OPTIONS, angularCompilerOptions: { strictTemplates: true }, files: [] }),
    );
    return recipes.consumer;
  });
  const compile = async (compiler: keyof typeof COMPILERS): Promise<string> => {
    const folder = await project();
    const { types, ...files } = COMPILERS[compiler];
    const config = join(folder, "recipes", `tsconfig.${compiler}.json`);
    await Deno.writeTextFile(
      config,
      JSON.stringify({ extends: "../tsconfig.json", compilerOptions: { types }, files: undefined, ...files }),
    );
    const program = [node, join(folder, "node_modules/.bin", compiler)];
    const option = compiler === "svelte-check" ? "--tsconfig" : "--project";
    const flags = compiler === "svelte-check" ? ["--fail-on-warnings", "--workspace", join(folder, "recipes")] : [];
    succeed(await run([...program, option, config, ...flags], { cwd: folder }), compiler);
    return files.include.join(" ");
  };
  const sessions = `import { sessions } from "../server/handler.ts";\nsessions.set("${SESSION}", "user 1");\n`;
  return [
    {
      name: "recipes, vue-tsc",
      version: versions.packages["vue-tsc"],
      run: () => compile("vue-tsc"),
    },
    { name: "recipe, Angular", version: versions.packages["@angular/core"], run: () => compile("ngc") },
    { name: "recipe, Svelte", version: versions.packages.svelte, run: () => compile("svelte-check") },
    { name: "recipe, Bun", version: versions.packages["@types/bun"], run: () => compile("tsc") },
    {
      name: "recipe, Deno",
      version: Deno.version.deno,
      run: async () => {
        const check = [Deno.execPath(), "check", "--quiet", "--node-modules-dir=manual", "recipes/server/deno.ts"];
        succeed(await run(check, { cwd: await project() }), "deno check");
        return "server/deno.ts";
      },
    },
    ...Object.entries(PAGES).map(([name, modules]) => ({
      name: `recipe, ${name}`,
      version: "",
      run: async () => {
        if (!await exists(CHROMIUM)) throw new Error(`${CHROMIUM} is missing`);
        const folder = await project();
        const script = join(folder, `${name}.js`);
        const entry = await writeEntry(folder, name, modules);
        const options = ["--bundle", "--format=esm", "--target=es2022", `--outfile=${script}`];
        await esbuild(tools, folder, [entry, ...options]);
        const server = servePage(await Deno.readTextFile(script));
        try {
          const host = [
            node,
            "hosts/upload.cjs",
            tools,
            CHROMIUM,
            join(folder, `profile ${name}`),
            server.url,
            PAGE,
          ];
          const text = succeed(await run(host, { cwd: folder }), "the page").trim();
          const expected = "Detection is finished: 2 regions found.";
          if (text !== expected) throw new Error(`the page shows ${text} instead of ${expected}`);
          if (server.submissions() !== 1) throw new Error(`the image was submitted ${server.submissions()} times`);
          return text;
        } finally {
          await server.close();
        }
      },
    })),
    ...SERVERS.map((name) => ({
      name: `recipe, ${name} server`,
      version: "",
      run: async () => {
        const folder = await project();
        const entry = await writeEntry(folder, name, [`../server/${name}.ts`], sessions);
        if (name === "deno") {
          return await checkServer(
            [Deno.execPath(), "run", "-A", "--quiet", "--node-modules-dir=manual", entry],
            SESSION,
          );
        }
        if (name === "bun") return await checkServer([bunPath(tools), entry], SESSION);
        const program = join(folder, `${name}_main.mjs`);
        const options = ["--bundle", "--platform=node", "--packages=external", "--format=esm", `--outfile=${program}`];
        await esbuild(tools, folder, [entry, ...options]);
        return await checkServer([node, program], SESSION);
      },
    })),
  ];
}

/** Writes a program that imports modules in turn, after other statements. The result is its path. */
async function writeEntry(
  folder: string,
  name: string,
  modules: readonly string[],
  statements = "",
): Promise<string> {
  const entries = join(folder, "recipes/entries"), path = join(entries, `${name.replaceAll(" ", "_")}.ts`);
  await Deno.mkdir(entries, { recursive: true });
  const imports = modules.map((module) => `await import("${module}");\n`);
  await Deno.writeTextFile(path, statements + imports.join(""));
  return path;
}
