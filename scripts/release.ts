// Checks that this tree can be released under a tag, and prepares what is published: `deno task release TAG ADDRESS FOLDER`.
// ADDRESS is the address of the repository. FOLDER must be outside of the repository: Deno publishes no file that Git
// ignores. It gets the tree for JSR, and the tag under which npm publishes.
import { dirname, join } from "node:path";
import { run, succeed } from "./lib/process.ts";
import { type Description, distTag, releaseFaults } from "./npm/metadata.ts";
import { withAbsoluteLinks } from "./npm/readme.ts";

const [tag, address, folder] = Deno.args;
if (folder === undefined) {
  console.error("Missing arguments. Expected deno task release TAG ADDRESS FOLDER.");
  Deno.exit(1);
}
const text = await Deno.readTextFile("deno.json");
const facts: Description & { readonly publish: { readonly include: readonly string[] } } = JSON.parse(text);
const faults = releaseFaults(facts, { tag, address, changelog: await Deno.readTextFile("CHANGELOG.md") });
for (const fault of faults) console.error(fault);
if (faults.length > 0) Deno.exit(1);

const tree = join(folder, "jsr");
for (const path of ["deno.json", "deno.lock", ...facts.publish.include]) {
  await Deno.mkdir(dirname(join(tree, path)), { recursive: true });
  succeed(await run(["cp", "-R", path, join(tree, path)]), "cp");
}
await Deno.writeTextFile(join(tree, "README.md"), withAbsoluteLinks(await Deno.readTextFile("README.md"), facts));
await Deno.writeTextFile(join(folder, "dist-tag"), distTag(facts.version));
succeed(await run([Deno.execPath(), "publish", "--dry-run", "--quiet"], { cwd: tree }), "deno publish --dry-run");
