// A tool has one version: wherever a text or a workflow names one, it is that of scripts/lib/versions.json.
import { run, succeed } from "../lib/process.ts";
import versions from "../lib/versions.json" with { type: "json" };

const list = ["git", "ls-files", "--cached", "--others", "--exclude-standard"];
const files = succeed(await run(list), "git ls-files").split("\n").filter((file) => /\.(?:json|md|ts|yml)$/.test(file));
const pinned = Object.entries(versions.packages).filter(([, version]) => /^\d/.test(version));

const faults: string[] = [];
let count = 0;
for (const file of files) {
  if (file === "scripts/lib/versions.json") continue;
  const text = await Deno.readTextFile(file).catch(() => "");
  for (const [name, version] of pinned) {
    for (const [, mentioned] of text.matchAll(RegExp(`(?<![\\w/])${name}@(\\d+\\.[\\w.]+)`, "g"))) {
      count++;
      if (mentioned !== version) faults.push(`${file} names ${name}@${mentioned} instead of ${version}`);
    }
  }
}
for (const fault of faults) console.error(fault);
console.log(`Versions: ${count} in texts and workflows, ${faults.length} faults`);
Deno.exit(faults.length === 0 ? 0 : 1);
