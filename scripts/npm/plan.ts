// What the npm package is made of, and what is done to it after dnt: functions of facts and texts, for build_npm.ts.
import { posix } from "node:path";

/** What the package takes from the root's deno.json: everything that anybody may ask of it. */
export interface Facts {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly keywords: readonly string[];
  readonly license: string;
  /** The address of the sources, without an ending. npm's provenance is refused to a package that names none. */
  readonly repository?: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly imports: Readonly<Record<string, string>>;
}

/** An entry point, as dnt takes it. */
export interface Entry {
  readonly kind: "bin" | "export";
  readonly name: string;
  readonly path: string;
}

/** What is written into a package.json. */
export type Manifest = Readonly<Record<string, unknown>>;

/** The program, and the file that starts it. */
const BIN: Entry = { kind: "bin", name: "ocr-regions", path: "./src/cli/bin.ts" };

/** What only the detector needs, and only who uses that has to install. */
const OPTIONAL = ["tesseract.js-core"];

/** The exports as they are, but for the command line, which on npm is a program. */
export function entryPoints({ exports }: Facts): readonly Entry[] {
  const modules = Object.entries(exports).filter(([name]) => name !== "./cli");
  return [...modules.map(([name, path]): Entry => ({ kind: "export", name, path })), BIN];
}

/** The package.json, as far as dnt does not write it by itself. Throws where deno.json does not say it all. */
export function manifest(facts: Facts): { readonly name: string; readonly version: string } & Manifest {
  const { name, version, description, keywords, license, repository, imports } = facts;
  for (const [key, value] of Object.entries({ name, version, description, keywords, license })) {
    if (value === undefined) throw new TypeError(`Cannot build the package as deno.json must hold ${key}`);
  }
  return {
    name,
    version,
    description,
    keywords: [...keywords],
    license,
    ...repository === undefined ? {} : {
      homepage: `${repository}#readme`,
      repository: { type: "git", url: `git+${repository}.git` },
      bugs: { url: `${repository}/issues` },
    },
    type: "module",
    sideEffects: false,
    engines: { node: ">=20" },
    publishConfig: { access: "public" },
    peerDependencies: Object.fromEntries(OPTIONAL.map((name) => [name, versionOf(name, imports)])),
    peerDependenciesMeta: Object.fromEntries(OPTIONAL.map((name) => [name, { optional: true }])),
  };
}

/** The package.json that dnt wrote, without the optional peers among the dependencies, where dnt puts all it finds. */
export function withoutOptional(written: Manifest): Manifest {
  const dependencies = Object.entries(written.dependencies ?? {}).filter(([name]) => !OPTIONAL.includes(name));
  return { ...written, dependencies: Object.fromEntries(dependencies) };
}

/**
 * What bundlers are to know of ES modules, to stand in the package.json nearest to them: that no import of one has
 * effects, and that fp-ts has ES modules as well. io-ts imports those, so that without the map there are two fp-ts in a
 * bundle, and one of them cannot be shaken.
 *
 * @param texts The modules.
 */
export function bundlerFields(texts: Iterable<string>): { readonly sideEffects: false; readonly browser: Manifest } {
  const modules = new Set<string>();
  for (const text of texts) {
    for (const [, module] of text.matchAll(/["']fp-ts\/lib\/(\w+)\.js["']/g)) modules.add(module);
  }
  const browser = [...modules].sort().map((module) => [`fp-ts/lib/${module}.js`, `fp-ts/es6/${module}.js`]);
  return { sideEffects: false, browser: Object.fromEntries(browser) };
}

/**
 * A module or its declarations without dnt's stand-in for `import.meta`: it imports `node:module` from every entry
 * point, which no browser has, and looks for the path of a program where there may be none. ES modules have their
 * own `import.meta`; CommonJS has `__filename`. A text in which more of the stand-in is used is left as it is.
 */
export function withoutPonyfill(text: string): string {
  const own = text
    .replaceAll(/globalThis\[Symbol\.for\("import-meta-ponyfill-esmodule"\)\]\(import\.meta\)/g, "import.meta")
    .replaceAll(
      /globalThis\[Symbol\.for\("import-meta-ponyfill-commonjs"\)\]\(require, module\)\.url/g,
      `require("node:url").pathToFileURL(__filename).href`,
    )
    .replaceAll(
      /globalThis\[Symbol\.for\("import-meta-ponyfill-commonjs"\)\]\(require, module\)\.main/g,
      "(require.main === module)",
    );
  return own.includes("import-meta-ponyfill")
    ? text
    : own.replaceAll(/^(?:import|require\()\s*["'][./]+\/_dnt\.polyfills\.js["']\)?;\r?\n/gm, "");
}

/** Whether dnt's polyfills are no more than that stand-in. */
export function isOnlyPonyfill(polyfills: string): boolean {
  return polyfills.includes("import-meta-ponyfill") &&
    !/\b(?:findLast|fromAsync|withResolvers|hasOwn|replaceAll)\b/.test(polyfills);
}

/** The folders whose tests run on Node.js as well, if they are portable. */
const PORTABLE = /^(?:internal|model|polling|client|stream|page|server)\/\w+_test\.ts$/;

/**
 * The tests that can run on Node.js 20: those that need no more of Deno than `Deno.test`, also in what they import, and
 * neither sockets nor `gc()`. Node's own client fails if a response comes before its request is read, and nothing gives
 * the test runner the flag that `gc()` needs: such tests are left to `deno task test:node`.
 *
 * @param files The texts of the tests' folder, by their paths in it.
 */
export function portableTests(files: ReadonlyMap<string, string>): readonly string[] {
  const isPortable = (path: string, seen: Set<string>): boolean => {
    const text = files.get(path);
    if (text === undefined || seen.has(path)) return true;
    seen.add(path);
    if (/\bDeno\.(?!test\()|\bimport\.meta\b|\bArray\.fromAsync\b|^(?:const .* = )?await |"node:(?:net|http|tls)"|\bgc\b/m.test(text)) return false;
    return [...text.matchAll(/\bfrom "(\.[^"]+)"/g)].every(([, specifier]) =>
      isPortable(posix.join(posix.dirname(path), specifier), seen)
    );
  };
  return [...files.keys()].filter((path) => PORTABLE.test(path) && isPortable(path, new Set())).sort();
}

function versionOf(name: string, imports: Facts["imports"]): string {
  const version = /@([^@/]+)$/.exec(imports[name] ?? "")?.[1];
  if (version === undefined) throw new TypeError(`Cannot build the package as deno.json must import ${name}`);
  return version;
}
