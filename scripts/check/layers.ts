// Data flows one way: a file of src imports only from its own folder and from the folders above it in this list, and
// imports never form a cycle. Only tests import tests: what scripts share with them is in scripts/lib.
import { dirname, join } from "node:path/posix";
import { listFiles } from "../lib/files.ts";

const FOLDERS = [
  "internal",
  "model",
  "page",
  "polling",
  "client",
  ".",
  "stream",
  "files",
  "browser",
  "server",
  "emulator",
  "cli",
];

const faults: string[] = [];

/** What each file of src imports, as paths below src. */
const imports = new Map<string, readonly string[]>();
for (const file of await sourcesIn("src")) {
  imports.set(file, (await importsOf(`src/${file}`)).map((path) => path.replace(/^src\//, "")));
}
for (const [file, imported] of imports) {
  const layer = FOLDERS.indexOf(folderOf(file));
  if (layer < 0) faults.push(`src/${file} is in a folder that is not in FOLDERS`);
  for (const other of imported) {
    if (!imports.has(other)) faults.push(`src/${file} imports ${other}, which is not in src`);
    else if (FOLDERS.indexOf(folderOf(other)) > layer) {
      faults.push(`src/${file} imports ${other}, which is in a folder below it`);
    }
  }
}
for (const cycle of findCycles()) faults.push(`imports form a cycle: ${cycle.join(" -> ")}`);
const scripts = await sourcesIn("scripts");
for (const file of scripts) {
  for (const other of await importsOf(`scripts/${file}`)) {
    if (other.startsWith("tests/")) {
      faults.push(`scripts/${file} imports ${other}, and scripts import nothing from tests`);
    }
  }
}
for (const fault of faults) console.error(fault);
console.log(`Layers: ${imports.size + scripts.length} files, ${faults.length} faults`);
Deno.exit(faults.length === 0 ? 0 : 1);

async function sourcesIn(folder: string): Promise<readonly string[]> {
  return (await listFiles(folder)).filter((file) => file.endsWith(".ts"));
}

/** The files that a file imports by relative specifiers, as paths from the root. */
async function importsOf(file: string): Promise<readonly string[]> {
  const specifiers = (await Deno.readTextFile(file)).matchAll(/(?:from|import) ?\(?"(\.[^"]+)"/g);
  return Array.from(specifiers, ([, specifier]) => join(dirname(file), specifier));
}

function folderOf(file: string): string {
  return file.includes("/") ? file.slice(0, file.indexOf("/")) : ".";
}

/** One cycle for each file that closes one. */
function findCycles(): readonly (readonly string[])[] {
  const cycles: (readonly string[])[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file]);
    else if (!done.has(file)) {
      for (const other of imports.get(file) ?? []) visit(other, [...path, file]);
      done.add(file);
    }
  };
  for (const file of imports.keys()) visit(file, []);
  return cycles;
}
