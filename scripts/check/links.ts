// Every link and every path that a text of the project mentions leads somewhere.
import { dirname, join, normalize } from "node:path";

const PLACES = [".", "docs", "examples", "examples/web", "examples/worker", "examples/queue", "scripts/bench"];

const faults: string[] = [];
let count = 0;
for (const file of (await Promise.all(PLACES.map(listTexts))).flat()) {
  const text = withoutCode(await Deno.readTextFile(file));
  for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)|<(?:img|a)\b[^>]*\b(?:src|href)="([^"]+)"/g)) {
    if (target === undefined || /^[a-z]+:/.test(target)) continue;
    count++;
    const [path, anchor] = target.split("#");
    const linked = path === "" ? file : normalize(join(dirname(file), path));
    if (!await exists(linked)) faults.push(`${file} links to ${target}, which does not exist`);
    else if (anchor !== undefined && !anchorsOf(await Deno.readTextFile(linked)).has(anchor)) {
      faults.push(`${file} links to ${target}, and there is no such heading`);
    }
  }
  for (const [, path] of text.matchAll(/`((?:src|tests|scripts|docs|examples)\/[\w./-]*)`/g)) {
    count++;
    if (!await exists(path)) faults.push(`${file} mentions ${path}, which does not exist`);
  }
}
for (const fault of faults) console.error(fault);
console.log(`Links: ${count} links and paths, ${faults.length} faults`);
Deno.exit(faults.length === 0 ? 0 : 1);

async function listTexts(folder: string): Promise<readonly string[]> {
  if (!await exists(folder)) return [];
  const entries = await Array.fromAsync(Deno.readDir(folder));
  return entries.filter(({ name }) => name.endsWith(".md")).map(({ name }) => join(folder, name));
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```/gm, "");
}

/** The anchors that GitHub gives to headings. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = Array.from(withoutCode(text).matchAll(/^#+ (.+)$/gm), ([, heading]) => heading);
  return new Set(
    headings.map((heading) =>
      heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-")
    ),
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}
