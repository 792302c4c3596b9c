import { deepStrictEqual as deepEqual } from "node:assert/strict";
import plugin from "../../scripts/check/lint_plugin.ts";

/** The rules that a source text breaks if it is the text of a file. */
function brokenRules(path: string, text: string): readonly string[] {
  const file = new URL(`../../${path}`, import.meta.url).pathname;
  return Deno.lint.runPlugin(plugin, file, text).map(({ id }) => id);
}

const POLYFILLED = [
  `Object.hasOwn({}, "a");`,
  `const { hasOwn } = Object;`,
  `const { ...rest } = Promise;`,
  `await Array.fromAsync([]);`,
  `Promise.withResolvers();`,
  `[1].findLast((n) => n > 0);`,
  `[1].findLastIndex((n) => n > 0);`,
  `throw new TypeError("a", { cause: "b" });`,
  `if (import.meta.main) f();`,
  `f(import.meta.dirname);`,
];

const PLATFORM = [
  `import process from "node:process";`,
  `await import("node:fs");`,
  `Deno.readTextFile("a");`,
  `Buffer.from("a");`,
];

Deno.test("the lint plugin refuses what dnt polyfills in every published file", () => {
  for (const text of POLYFILLED) {
    for (const path of ["mod.ts", "src/core.ts", "src/cli/bin.ts"]) {
      deepEqual(brokenRules(path, text), ["regions/no-polyfills"], text);
    }
  }
});

Deno.test("the lint plugin refuses to load what takes long, and accepts its types", () => {
  const modules = ["fp-ts/lib/Either.js", "io-ts", "io-ts/lib/PathReporter.js", "rxjs"];
  for (const module of modules) {
    for (const path of ["mod.ts", "src/core.ts", "src/cli/cli.ts"]) {
      deepEqual(brokenRules(path, `import * as a from "${module}";`), ["regions/no-heavy-imports"], module);
      deepEqual(brokenRules(path, `import { a } from "${module}";`), ["regions/no-heavy-imports"], module);
      deepEqual(brokenRules(path, `import type { A } from "${module}";`), [], module);
    }
  }
  deepEqual(brokenRules("src/internal/rxjs.ts", `export { A } from "rxjs/internal/A";`), []);
});

Deno.test("the lint plugin refuses what only some runtimes have, except where it is needed", () => {
  for (const text of PLATFORM) {
    for (const path of ["mod.ts", "src/core.ts", "src/emulator/emulator.ts"]) {
      deepEqual(brokenRules(path, text), ["regions/no-platform"], text);
    }
    for (const path of ["src/cli/bin.ts", "src/files/files.ts", "src/emulator/detector.ts", "src/emulator/serve.ts"]) {
      deepEqual(brokenRules(path, text), [], text);
    }
  }
});

Deno.test("the lint plugin accepts what only looks similar", () => {
  const texts = [
    `new URL("a", import.meta.url);`,
    `f(error.cause);`,
    `throw new Error("a");`,
    `f({ cause: "a" });`,
    `const { length } = text;`,
    `// import.meta.main, Object.hasOwn`,
    `"a".replaceAll("a", "b");`,
  ];
  for (const text of texts) deepEqual(brokenRules("src/core.ts", text), [], text);
});

Deno.test("the lint plugin ignores tests and scripts", () => {
  for (const text of [...POLYFILLED, ...PLATFORM]) {
    for (const path of ["tests/core_test.ts", "scripts/size.ts", "tests/src/a.ts"]) {
      deepEqual(brokenRules(path, text), []);
    }
  }
});
