// Files of a folder and of the folders in it, except those of installed packages.

/** The paths of the files, in `folder`. */
export async function listFiles(folder: string, prefix = ""): Promise<readonly string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(`${folder}/${prefix}`)) {
    const path = prefix + name;
    if (!isDirectory) paths.push(path);
    else if (name !== "node_modules") paths.push(...await listFiles(folder, `${path}/`));
  }
  return paths;
}

/** The texts of the files whose paths match, by their paths in `folder`. */
export async function readTexts(folder: string, path: RegExp = /^/): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const file of await listFiles(folder)) {
    if (path.test(file)) texts.set(file, await Deno.readTextFile(`${folder}/${file}`));
  }
  return texts;
}
