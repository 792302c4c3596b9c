// Data flows one way: a file imports only from its own folder and from folders above it in this list, and no imports go
// round in circles.
const FOLDERS = ["internal", "model", "polling", "client", ".", "stream", "page", "server", "emulator", "cli"];

const source = new URL("../src/", import.meta.url);
const faults: string[] = [];

/** What each file imports, by path without the extension, such as `client/redact`. */
const imports = new Map<string, readonly string[]>();
for (const file of await listFiles(source)) {
  const path = new URL(`${file}.ts`, source);
  const text = await Deno.readTextFile(path);
  const specifiers = text.matchAll(/(?:from|import) ?\(?"(\.[^"]+)\.ts"/g);
  imports.set(file, Array.from(specifiers, ([, specifier]) => new URL(specifier, path).href.slice(source.href.length)));
}
for (const [file, imported] of imports) {
  const layer = FOLDERS.indexOf(folderOf(file));
  if (layer < 0) faults.push(`src/${file}.ts is in a folder that is not in FOLDERS`);
  for (const other of imported) {
    if (FOLDERS.indexOf(folderOf(other)) > layer) {
      faults.push(`src/${file}.ts imports ${other}.ts, which is in a folder below it`);
    }
  }
}
for (const circle of findCircles()) faults.push(`imports go round in a circle: ${circle.join(" -> ")}`);
for (const fault of faults) console.error(fault);
console.log(faults.length === 0 ? `Layers: ${imports.size} files in order` : `Layers: ${faults.length} faults`);
if (faults.length > 0) Deno.exit(1);

function folderOf(file: string): string {
  return file.includes("/") ? file.slice(0, file.indexOf("/")) : ".";
}

/** One circle for each file that closes one. */
function findCircles(): readonly (readonly string[])[] {
  const circles: (readonly string[])[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file]);
    else if (!done.has(file)) {
      for (const other of imports.get(file) ?? []) visit(other, [...path, file]);
      done.add(file);
    }
  };
  for (const file of imports.keys()) visit(file, []);
  return circles;
}

/** The TypeScript files of a folder and the folders in it, as paths without the extension. */
async function listFiles(folder: URL, prefix = ""): Promise<readonly string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) files.push(...await listFiles(new URL(`${name}/`, folder), `${prefix}${name}/`));
    else files.push(prefix + name.replace(/\.ts$/, ""));
  }
  return files;
}
