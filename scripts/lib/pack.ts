// Packs the library where dnt is not available, and installs packages as their users do.
import { join } from "node:path";
import { completeExports, type Exports, type Target } from "../npm/metadata.ts";
import { completed, entryPoints, type Facts } from "../npm/plan.ts";
import { readTexts } from "./files.ts";
import { npmInstall } from "./npm.ts";
import { run, succeed } from "./process.ts";

/** The texts of a package's files, by their paths in the package. */
export type Files = ReadonlyMap<string, string>;

/** The fields of a package.json that are used. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Exports;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** A package in a project that depends on nothing else. */
export interface Installed {
  /** The folder of the project. */
  readonly consumer: string;
  readonly manifest: Manifest;
  readonly files: Files;
}

/**
 * Packs the tree at `root` with Deno's own packer; the result is the path of the tarball in `folder`. The package.json is
 * completed as in the npm build, and has its exports and its program. There is no CommonJS in it.
 */
export async function packWithDeno(root: string, folder: string): Promise<string> {
  const tarball = join(folder, "package.tgz"), content = join(folder, "package");
  // Source maps would contain paths of this machine.
  const pack = ["pack", "--no-source-maps", "--allow-dirty", "--quiet", "--output", tarball];
  succeed(await run([Deno.execPath(), ...pack], { cwd: root }), "deno pack");
  succeed(await run(["tar", "-xzf", tarball, "-C", folder]), "tar");

  const facts: Facts = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const files = await readTexts(content);
  const written: Manifest = JSON.parse(files.get("package.json") ?? "");
  const exports: Record<string, Target> = {}, bin: Record<string, string> = {};
  for (const { kind, name, path } of entryPoints(facts)) {
    if (kind === "export") exports[name] = written.exports[name];
    else {
      bin[name] = path.replace(/\.ts$/, ".js");
      const program = join(content, bin[name]);
      await Deno.writeTextFile(program, `#!/usr/bin/env node\n${await Deno.readTextFile(program)}`);
    }
  }
  const manifest = { ...completed({ ...written }, facts), exports: completeExports(exports), bin };
  await Deno.writeTextFile(join(content, "package.json"), JSON.stringify(manifest, null, 2));
  succeed(await run(["tar", "-czf", tarball, "-C", folder, "package"]), "tar");
  return tarball;
}

/** Installs a tarball into a new project in `consumer`, next to `packages`; npm adds the newest peers that are missing. */
export async function install(
  tarball: string,
  consumer: string,
  packages: readonly string[] = [],
): Promise<Installed> {
  await Deno.mkdir(consumer);
  await Deno.writeTextFile(join(consumer, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await npmInstall(consumer, [tarball, ...packages]);
  const { dependencies }: { readonly dependencies: Readonly<Record<string, string>> } = JSON.parse(
    await Deno.readTextFile(join(consumer, "package.json")),
  );
  const name = Object.keys(dependencies).find((name) => dependencies[name].startsWith("file:")) ?? "";
  const files = await readTexts(join(consumer, "node_modules", name));
  return { consumer, manifest: JSON.parse(files.get("package.json") ?? ""), files };
}
