import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import type { Manifest } from "../../scripts/lib/pack.ts";
import {
  hasCommonJs,
  leakedPaths,
  missingDeclarations,
  missingTargets,
  modulesOf,
  resolve,
  strayFiles,
  undeclaredImports,
  wrongPeers,
} from "./package.ts";

/** As Deno's packer writes it. */
const MANIFEST: Manifest = {
  name: "@scope/name",
  version: "1.2.3",
  exports: {
    ".": { types: "./mod.d.ts", import: "./mod.js", default: "./mod.js" },
    "./core": { types: "./src/core.d.ts", import: "./src/core.js", default: "./src/core.js" },
    "./package.json": "./package.json",
  },
  bin: { program: "./src/bin.js" },
  peerDependencies: { rxjs: "^7.5.0", optional: "^1.0.0" },
};

const FILES = new Map([
  ["package.json", "{}"],
  ["mod.js", `export * from "./src/core.js";`],
  ["mod.d.ts", `export * from "./src/core.js";\nexport declare const a: import("./src/a.js").A;`],
  ["src/core.js", ""],
  ["src/core.d.ts", `import type * as t from "io-ts";\nexport { type A } from "./a.js";`],
  ["src/a.d.ts", `export interface A {}`],
  ["src/bin.js", ""],
]);

/** As dnt writes it: declarations are next to the modules. */
const DUAL: Manifest = {
  ...MANIFEST,
  exports: { ".": { import: "./esm/mod.js", require: "./script/mod.js" } },
  bin: {},
};

const DUAL_FILES = new Map([
  ["esm/mod.js", ""],
  ["esm/mod.d.ts", ""],
  ["script/mod.js", ""],
  ["script/mod.d.ts", `export * from "./src/core.js";`],
  ["script/src/core.d.ts", ""],
]);

Deno.test("a complete package has no fault", () => {
  for (const [manifest, files] of [[MANIFEST, FILES], [DUAL, DUAL_FILES]] as const) {
    deepEqual(missingTargets(manifest, files), []);
    deepEqual(missingDeclarations(manifest, files), []);
    deepEqual(leakedPaths(files, ["/home/builder/tree"]), []);
    deepEqual(strayFiles(files), []);
  }
});

Deno.test("resolve() takes the first condition that applies, at every level", () => {
  const target = { types: "./a.d.ts", import: { browser: "./b.js", default: "./c.js" }, default: "./d.js" };
  equal(resolve(target, ["types", "import"]), "./a.d.ts");
  equal(resolve(target, ["import"]), "./c.js");
  equal(resolve(target, ["import", "browser"]), "./b.js");
  equal(resolve(target, ["require"]), "./d.js");
  equal(resolve({ import: "./a.js" }, ["require"]), undefined);
  equal(resolve("./a.js", []), "./a.js");
  equal(resolve(undefined, ["import"]), undefined);
});

Deno.test("modulesOf() leaves out exports that are not modules", () => {
  deepEqual(modulesOf(MANIFEST), [".", "./core"]);
});

Deno.test("hasCommonJs() is true if an export is for require", () => {
  equal(hasCommonJs(MANIFEST), false);
  equal(hasCommonJs(DUAL), true);
});

Deno.test("missingTargets() names the export or program whose file is not packed", () => {
  deepEqual(missingTargets(MANIFEST, without(FILES, "src/core.js")), [
    "./core: ./src/core.js is missing",
    "./core: ./src/core.js is missing",
  ]);
  deepEqual(missingTargets(MANIFEST, without(FILES, "src/bin.js")), ["program: ./src/bin.js is missing"]);
  deepEqual(missingTargets(DUAL, without(DUAL_FILES, "script/mod.js")), [".: ./script/mod.js is missing"]);
});

Deno.test("missingDeclarations() names what is missing, of the exports and of what they import", () => {
  deepEqual(missingDeclarations(MANIFEST, without(FILES, "mod.d.ts")), [".: mod.d.ts is missing"]);
  deepEqual(missingDeclarations(MANIFEST, without(FILES, "src/a.d.ts")), ["src/core.d.ts: src/a.d.ts is missing"]);
  deepEqual(missingDeclarations(DUAL, without(DUAL_FILES, "esm/mod.d.ts")), [".: esm/mod.d.ts is missing"]);
  deepEqual(missingDeclarations(DUAL, without(DUAL_FILES, "script/src/core.d.ts")), [
    "script/mod.d.ts: script/src/core.d.ts is missing",
  ]);
});

Deno.test("strayFiles() finds tests and what they import", () => {
  const stray = ["esm/tests/a_test.js", "script/scripts/lib/a.js", "tests/a.js", "esm/_dnt.test_shims.js"];
  deepEqual(strayFiles(new Map([...FILES, ...stray.map((path) => [path, ""] as const)])), stray);
});

Deno.test("wrongPeers() accepts only ranges that start at the version that is tested", () => {
  deepEqual(wrongPeers(MANIFEST, { rxjs: "7.5.0" }), []);
  const rule = "must be a peer in the range";
  deepEqual(wrongPeers(MANIFEST, { rxjs: "7.4.0" }), [`rxjs ${rule} ^7.4.0, which is tested, not ^7.5.0`]);
  deepEqual(wrongPeers(MANIFEST, { "fp-ts": "2.9.0" }), [`fp-ts ${rule} ^2.9.0, which is tested, not undefined`]);
});

Deno.test("undeclaredImports() names packages that are neither a dependency nor a peer", () => {
  const files = new Map([
    ["a.js", `/** import { a } from "in-a-comment"; */\nimport { b } from "rxjs";\nimport c from "./b.js";`],
    ["b.js", `import "node:fs";\nimport d from "@scope/package/d.js";\nawait import("lazy");\nexport * from "parser";`],
    ["c.cjs", `const e = require("required"), f = require("required/f");`],
    ["d.d.ts", `import type { G } from "types";`],
  ]);
  deepEqual(undeclaredImports({ ...MANIFEST, dependencies: { parser: "^1.0.0" } }, files), [
    "b.js imports @scope/package",
    "b.js imports lazy",
    "c.cjs imports required",
  ]);
});

Deno.test("leakedPaths() finds a path in a text, in an address and inside a source map", () => {
  const leaked = (text: string): readonly string[] => leakedPaths(new Map([["a.js", text]]), ["/home/builder/tree"]);
  deepEqual(leaked("// made in /home/builder/tree/src"), ["a.js contains /home/builder/tree"]);
  deepEqual(leaked(`import "file:///opt/other/a.js";`), ["a.js contains file:///opt/other/a.js"]);
  const map = btoa(JSON.stringify({ version: 3, sources: ["file:///home/builder/tree/a.ts"] }));
  deepEqual(leaked(`a();\n//# sourceMappingURL=data:application/json;base64,${map}`), [
    "a.js contains /home/builder/tree",
  ]);
});

function without(files: ReadonlyMap<string, string>, path: string): Map<string, string> {
  return new Map([...files].filter(([name]) => name !== path));
}
