import { deepStrictEqual as deepEqual } from "node:assert/strict";
import type { Manifest } from "../../scripts/lib/pack.ts";
import { leakedPaths, missingDeclarations, missingTargets } from "./package.ts";

const MANIFEST: Manifest = {
  name: "@scope/name",
  version: "1.2.3",
  exports: {
    ".": { types: "./mod.d.ts", default: "./mod.js" },
    "./core": { types: "./src/core.d.ts", default: "./src/core.js" },
  },
};

const FILES = new Map([
  ["mod.js", `export * from "./src/core.js";`],
  ["mod.d.ts", `export * from "./src/core.js";\nexport declare const a: import("./src/a.js").A;`],
  ["src/core.js", ""],
  ["src/core.d.ts", `import type * as t from "io-ts";\nexport { type A } from "./a.js";`],
  ["src/a.d.ts", `export interface A {}`],
]);

Deno.test("a whole package has no fault", () => {
  deepEqual(missingTargets(MANIFEST, FILES), []);
  deepEqual(missingDeclarations(MANIFEST, FILES), []);
  deepEqual(leakedPaths(FILES, ["/home/builder/tree"]), []);
});

Deno.test("missingTargets() names the export whose file is not packed", () => {
  deepEqual(missingTargets(MANIFEST, without("src/core.js")), ["./core: ./src/core.js is missing"]);
});

Deno.test("missingDeclarations() names what is missing, of the exports and of what they import", () => {
  deepEqual(missingDeclarations(MANIFEST, without("mod.d.ts")), [".: mod.d.ts is missing"]);
  deepEqual(missingDeclarations(MANIFEST, without("src/a.d.ts")), ["src/core.d.ts: src/a.d.ts is missing"]);
  const untyped = { ...MANIFEST, exports: { ".": { default: "./mod.js" } } };
  deepEqual(missingDeclarations(untyped, FILES), [".: no types in package.json"]);
});

Deno.test("leakedPaths() finds a path in a text, in an address and inside a source map", () => {
  const leaked = (text: string): readonly string[] => leakedPaths(new Map([["a.js", text]]), ["/home/builder/tree"]);
  deepEqual(leaked("// made in /home/builder/tree/src"), ["a.js holds /home/builder/tree"]);
  deepEqual(leaked(`import "file:///opt/other/a.js";`), ["a.js holds file:///opt/other/a.js"]);
  const map = btoa(JSON.stringify({ version: 3, sources: ["file:///home/builder/tree/a.ts"] }));
  deepEqual(leaked(`a();\n//# sourceMappingURL=data:application/json;base64,${map}`), [
    "a.js holds /home/builder/tree",
  ]);
});

function without(path: string): Map<string, string> {
  return new Map([...FILES].filter(([name]) => name !== path));
}
