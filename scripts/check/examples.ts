// Every public function and codec shows an example, every public name has a category of the API reference, and every
// entry point says what it is. `deno task test` runs the examples.
import { run, succeed } from "../lib/process.ts";

/** What is used of the documentation that `deno doc --json` gives. */
interface Documentation {
  readonly nodes: Readonly<Record<string, { readonly module_doc?: Comment; readonly symbols: readonly Symbol[] }>>;
}

interface Symbol {
  readonly name: string;
  readonly declarations: readonly Declaration[];
}

interface Declaration {
  readonly kind: string;
  readonly declarationKind: string;
  readonly jsDoc?: Comment;
  readonly def?: { readonly hasBody?: boolean; readonly tsType?: { readonly repr?: string } };
}

interface Comment {
  readonly doc?: string;
  readonly tags?: readonly { readonly kind: string; readonly doc?: string }[];
}

/** The groups of the API reference. */
const CATEGORIES: readonly (string | undefined)[] = [
  "Connect",
  "Detect",
  "Recognize",
  "Tasks",
  "Statuses",
  "Errors",
  "Schedules",
  "Server",
  "Client",
  "Durable",
  "Page",
  "Views",
  "Emulator",
  "Files",
  "Command line",
];

const { exports }: { readonly exports: Readonly<Record<string, string>> } = JSON.parse(
  await Deno.readTextFile("deno.json"),
);
const entries = Object.values(exports);
const { nodes }: Documentation = JSON.parse(
  succeed(await run([Deno.execPath(), "doc", "--json", ...entries]), "deno doc --json"),
);

const faults: string[] = [];
const shown = new Set<string>();
for (const [file, { module_doc: comment, symbols }] of Object.entries(nodes)) {
  const entry = file.replace(/^.*\/(?=src\/|mod\.ts$)/, "");
  if ((comment?.doc ?? "") === "") faults.push(`${entry} has no documentation of its own`);
  for (const { name, declarations } of symbols) {
    const exported = declarations.filter(({ kind, declarationKind, def }) =>
      // The implementation of an overloaded function is not public.
      declarationKind === "export" && kind !== "reference" && !(declarations.length > 1 && def?.hasBody)
    );
    if (!exported.every(hasCategory)) faults.push(`${name} (${entry}) has no @category of ${CATEGORIES.join(", ")}`);
    const asked = exported.filter(isAsked);
    if (asked.length === 0) continue;
    if (asked.some(hasExample)) shown.add(name);
    else faults.push(`${name} (${entry}) has no example`);
  }
}

for (const fault of [...new Set(faults)]) console.error(fault);
console.log(`Examples: ${shown.size} functions and codecs, ${faults.length} faults`);
Deno.exit(faults.length === 0 ? 0 : 1);

/** A function, or a value that is a codec. */
function isAsked({ kind, def }: Declaration): boolean {
  return kind === "function" || kind === "variable" && /(?:^|\.)Type$/.test(def?.tsType?.repr ?? "");
}

function hasExample({ jsDoc }: Declaration): boolean {
  return jsDoc?.tags?.some(({ kind, doc }) => kind === "example" && doc?.includes("```ts")) ?? false;
}

function hasCategory({ jsDoc }: Declaration): boolean {
  return CATEGORIES.includes(jsDoc?.tags?.find(({ kind }) => kind === "category")?.doc?.trim());
}
