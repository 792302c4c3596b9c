import { join } from "node:path";
import { npmInstall } from "./npm.ts";
import { run, succeed } from "./process.ts";

/** The texts of a package's files, by their paths in the package. */
export type Files = ReadonlyMap<string, string>;

/** The fields of a package.json that are used. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, { readonly types?: string; readonly default: string }>>;
}

/** The package, installed as its user would. */
export interface Installed {
  /** The tarball. */
  readonly tarball: string;
  /** The folder of a project that has nothing but the tarball. */
  readonly consumer: string;
  readonly manifest: Manifest;
  readonly files: Files;
}

/** Packs the tree at `root` by Deno's own packer, and installs the tarball into an empty project, both in `folder`. */
export async function packAndInstall(root: string, folder: string): Promise<Installed> {
  const tarball = join(folder, "package.tgz");
  const consumer = join(folder, "consumer");
  // Source maps would carry the paths of this machine.
  const pack = ["pack", "--no-source-maps", "--allow-dirty", "--quiet", "--output", tarball];
  succeed(await run([Deno.execPath(), ...pack], { cwd: root }), "deno pack");
  await Deno.mkdir(consumer);
  await Deno.writeTextFile(join(consumer, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await npmInstall(consumer, [tarball]);
  const { name }: { readonly name: string } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const files = await readFiles(join(consumer, "node_modules", name));
  return { tarball, consumer, manifest: JSON.parse(files.get("package.json") ?? ""), files };
}

/** Every file of a package, but for what is installed inside it. */
async function readFiles(folder: string, prefix = ""): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for await (const { name, isDirectory } of Deno.readDir(join(folder, prefix))) {
    const path = prefix + name;
    if (!isDirectory) files.set(path, await Deno.readTextFile(join(folder, path)));
    else if (name !== "node_modules") { for (const entry of await readFiles(folder, `${path}/`)) files.set(...entry); }
  }
  return files;
}
