// The recipes for web pages, in the files that the guide names.
import { dirname, join } from "node:path";
import { install, type Installed } from "../../scripts/lib/pack.ts";
import versions from "../../scripts/lib/versions.json" with { type: "json" };

/** What the recipes import, and what compiles them. */
const PACKAGES: readonly (keyof typeof versions.packages)[] = [
  "@angular/common",
  "@angular/compiler",
  "@angular/compiler-cli",
  "@angular/core",
  "@angular/platform-browser",
  "@hono/node-server",
  "@types/bun",
  "@types/express",
  "@types/node",
  "@types/react",
  "@types/react-dom",
  "express",
  "hono",
  "jose",
  "react",
  "react-dom",
  "svelte",
  "svelte-check",
  "vue",
  "vue-tsc",
];

/** The texts with recipes, and where their files go. */
const TEXTS = ["docs/recipes-frontend.md", "examples/worker/README.md"];

/** Returns the files in a text: blocks of code with a name after their language, such as `ts ignore server/deno.ts`. */
export function filesIn(text: string): ReadonlyMap<string, string> {
  const blocks = text.matchAll(/^```\w+ (?:ignore )?(\w[\w/]*\.\w+)\n(.*?)^```$/gms);
  return new Map(Array.from(blocks, ([, name, content]) => [name, content]));
}

/** Installs the package and everything that the recipes import, and writes their files, in the folder `consumer`. */
export async function prepareRecipes(root: string, tarball: string, consumer: string): Promise<Installed> {
  // The compilers of Angular, Vue and Svelte do not support the newest one of TypeScript.
  const typescript = versions.packages["typescript-5.9"].replace("npm:", "");
  const packages = PACKAGES.map((name) => `${name}@${versions.packages[name]}`);
  const installed = await install(tarball, consumer, [...packages, typescript]);
  for (const text of TEXTS) {
    const files = filesIn(await Deno.readTextFile(join(root, text)));
    if (files.size === 0) throw new Error(`${text} has no recipes`);
    for (const [name, content] of files) {
      const path = join(consumer, "recipes", name);
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeTextFile(path, content);
    }
  }
  return installed;
}
