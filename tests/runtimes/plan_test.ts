import {
  completed,
  entryPoints,
  type Facts,
  isTest,
  manifest,
  portableTests,
  withoutPonyfill,
  withPolyfills,
} from "../../scripts/npm/plan.ts";
import { deepStrictEqual as deepEqual, strictEqual as equal, throws } from "node:assert/strict";

const FACTS: Facts = {
  name: "@scope/name",
  version: "1.2.3",
  description: "What it is",
  keywords: ["one"],
  license: "MIT",
  author: "Its authors",
  repository: "https://example.com/name",
  exports: { ".": "./mod.ts", "./core": "./src/core.ts", "./cli": "./src/cli/cli.ts", "./bin": "./src/cli/bin.ts" },
  imports: {
    "@hyzyla/pdfium": "npm:@hyzyla/pdfium@^2.1.13",
    "@tesseract.js-data/eng": "npm:@tesseract.js-data/eng@^1.0.0",
    "commander": "npm:commander@^14.0.3",
    "eventsource-parser": "npm:eventsource-parser@^3.1.1",
    "fast-check": "npm:fast-check@^4.10.2",
    "fp-ts": "npm:fp-ts@^2.9.0",
    "io-ts": "npm:io-ts@^2.2.16",
    "picomatch": "npm:picomatch@^4.0.7",
    "rxjs": "npm:rxjs@^7.5.0",
    "saxes": "npm:saxes@^6.0.0",
    "string-width": "npm:string-width@^8.3.0",
    "tesseract.js-core": "npm:tesseract.js-core@^7.0.0",
  },
};

Deno.test("entryPoints() makes the export ./bin a program, leaves ./cli out, and keeps all else", () => {
  deepEqual(entryPoints(FACTS), [
    { kind: "export", name: ".", path: "./mod.ts" },
    { kind: "export", name: "./core", path: "./src/core.ts" },
    { kind: "bin", name: "ocr-regions", path: "./src/cli/bin.ts" },
  ]);
});

Deno.test("manifest() has all of its facts from deno.json", () => {
  const { version, repository, dependencies, peerDependencies, peerDependenciesMeta, sideEffects, type, engines } =
    manifest(FACTS);
  equal(version, "1.2.3");
  deepEqual(repository, { type: "git", url: "git+https://example.com/name.git" });
  deepEqual(dependencies, {
    "commander": "^14.0.3",
    "eventsource-parser": "^3.1.1",
    "picomatch": "^4.0.7",
    "saxes": "^6.0.0",
    "string-width": "^8.3.0",
  });
  deepEqual(peerDependencies, {
    "@hyzyla/pdfium": "^2.1.13",
    "@tesseract.js-data/eng": "^1.0.0",
    "fp-ts": "^2.9.0",
    "io-ts": "^2.2.16",
    "rxjs": "^7.5.0",
    "tesseract.js-core": "^7.0.0",
  });
  deepEqual(peerDependenciesMeta, {
    "@hyzyla/pdfium": { optional: true },
    "@tesseract.js-data/eng": { optional: true },
    "tesseract.js-core": { optional: true },
  });
  deepEqual([sideEffects, type, engines], [false, "module", { node: ">=20" }]);
});

Deno.test("manifest() refuses a deno.json that leaves a fact out", () => {
  const { description: _, ...without } = FACTS;
  throws(() => manifest(without as Facts), /Cannot build the package as deno.json must hold description/);
  throws(() => manifest({ ...FACTS, imports: {} }), /deno.json must import commander/);
});

Deno.test("completed() adds the facts and removes the peers from the dependencies that the packer wrote", () => {
  const written = {
    name: "@scope/name",
    version: "0.0.0",
    exports: { ".": "./mod.js" },
    dependencies: { "rxjs": "^7.8.2", "tesseract.js-core": "^7.0.0", "eventsource-parser": "^3.1.1" },
  };
  deepEqual(completed(written, FACTS), {
    ...written,
    ...manifest(FACTS),
    dependencies: {
      "commander": "^14.0.3",
      "eventsource-parser": "^3.1.1",
      "picomatch": "^4.0.7",
      "saxes": "^6.0.0",
      "string-width": "^8.3.0",
    },
  });
});

Deno.test("completed() refuses a dependency that is not planned", () => {
  const written = { dependencies: { "eventsource-parser": "^3.1.1", "undici": "^7.16.0" } };
  throws(() => completed(written, FACTS), {
    name: "TypeError",
    message: "Cannot build the package as undici must be a dependency or a peer",
  });
});

Deno.test("withoutPonyfill() gives ES modules their own import.meta", () => {
  const text = `#!/usr/bin/env node\nimport "./_dnt.polyfills.js";\nimport { a } from "./a.js";\n` +
    `new Worker(globalThis[Symbol.for("import-meta-ponyfill-esmodule")](import.meta).url);\n`;
  equal(
    withoutPonyfill(text),
    `#!/usr/bin/env node\nimport { a } from "./a.js";\nnew Worker(import.meta.url);\n`,
  );
});

Deno.test("withoutPonyfill() gives CommonJS its file's name", () => {
  const meta = `globalThis[Symbol.for("import-meta-ponyfill-commonjs")](require, module)`;
  equal(
    withoutPonyfill(`"use strict";\nrequire("../_dnt.polyfills.js");\nf(${meta}.url, ${meta}.main);\n`),
    `"use strict";\nf(require("node:url").pathToFileURL(__filename).href, (require.main === module));\n`,
  );
});

Deno.test("withoutPonyfill() drops the import of declarations, and leaves a text alone that needs more", () => {
  equal(withoutPonyfill(`import "./_dnt.polyfills.js";\nexport * from "./a.js";\n`), `export * from "./a.js";\n`);
  const more = `import "./_dnt.polyfills.js";\n` +
    `globalThis[Symbol.for("import-meta-ponyfill-commonjs")](require, module).resolve("./a.js");\n`;
  equal(withoutPonyfill(more), more);
});

Deno.test("withPolyfills() names the published files with polyfills or an import of them", () => {
  const files = new Map([
    ["mod.js", `import "./_dnt.polyfills.js";\nexport * from "./src/core.js";`],
    ["mod.d.ts", `export * from "./src/core.js";`],
    ["src/core.js", `const meta = globalThis[Symbol.for("import-meta-ponyfill-esmodule")](import.meta);`],
    ["_dnt.polyfills.d.ts", "export {};"],
    ["tests/mod_test.js", `import "../_dnt.polyfills.js";`],
    ["scripts/lib/a.js", `import "../../_dnt.polyfills.js";`],
    ["_dnt.test_polyfills.js", `Symbol.for("import-meta-ponyfill-esmodule");`],
  ]);
  deepEqual(withPolyfills(files), ["mod.js", "src/core.js", "_dnt.polyfills.d.ts"]);
});

Deno.test("isTest() tells tests and what dnt adds for them from what is published", () => {
  for (const path of ["tests/a_test.js", "scripts/lib/a.js", "_dnt.test_shims.js"]) equal(isTest(path), true, path);
  for (const path of ["mod.js", "src/tests/a.js", "_dnt.polyfills.js"]) equal(isTest(path), false, path);
});

Deno.test("portableTests() leaves out what needs Deno, itself or by what it imports", () => {
  const files = new Map([
    ["model/a_test.ts", `import { mock } from "../support/mock.ts";\nDeno.test("a", () => {});`],
    ["model/b_test.ts", `Deno.test("b", () => Deno.readTextFile("b"));`],
    ["model/c_test.ts", `import { helper } from "../support/helper.ts";\nDeno.test("c", () => {});`],
    ["model/d_test.ts", `const page = await load();\nDeno.test("d", () => {});`],
    ["client/e_test.ts", `import { createServer } from "node:net";\nDeno.test("e", () => {});`],
    ["client/f_test.ts", `const { gc } = globalThis;\nDeno.test("f", () => {});`],
    ["faults/g_test.ts", `Deno.test("g", () => {});`],
    ["model/i_test.ts", `import { run } from "../../scripts/lib/process.ts";\nDeno.test("i", () => {});`],
    ["../scripts/lib/process.ts", `export const run = () => new Deno.Command("node");`],
    ["h_test.ts", `Deno.test("h", () => {});`],
    ["support/helper.ts", `import { circle } from "./mock.ts";\nexport const here = import.meta.url;`],
    ["support/mock.ts", `import { here } from "../model/a_test.ts";`],
  ]);
  deepEqual(portableTests(files), ["model/a_test.ts"]);
});
