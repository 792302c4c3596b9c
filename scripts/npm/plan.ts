// What the npm package is made of, and what is done to it after dnt: functions of facts and texts, for build_npm.ts.
import { posix } from "node:path";
import { type Description, metadata } from "./metadata.ts";

/** What the package takes from the root's deno.json. */
export interface Facts extends Description {
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

/** What a package.json takes from the facts. */
type OwnManifest = Manifest & {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
};

/** The name of the program, whose module is the export `./bin`. */
const PROGRAM = "ocr-regions";

/** The packages that the public types are made of: a program and the library must share one copy of each. */
const PEERS = ["fp-ts", "io-ts", "rxjs"];

/** Peers that only users of PDF files, the detector and the recognizer install. */
const OPTIONAL = ["@hyzyla/pdfium", "@tesseract.js-data/eng", "tesseract.js-core"];

/** The packages that are installed together with this one. Only the program needs `commander` and `string-width`. */
const DEPENDENCIES = ["commander", "eventsource-parser", "picomatch", "saxes", "string-width"];

/** The exports, but for those of the command line, which is a program on npm. */
export function entryPoints({ exports }: Facts): readonly Entry[] {
  const { "./bin": bin, "./cli": _, ...modules } = exports;
  if (bin === undefined) throw new TypeError("Cannot build the package as deno.json must export ./bin");
  return [
    ...Object.entries(modules).map(([name, path]): Entry => ({ kind: "export", name, path })),
    { kind: "bin", name: PROGRAM, path: bin },
  ];
}

/** The package.json, as far as dnt does not write it by itself. Throws where deno.json does not say it all. */
export function manifest(facts: Facts): OwnManifest {
  const { imports } = facts;
  return {
    ...metadata(facts),
    type: "module",
    sideEffects: false,
    engines: { node: ">=20" },
    publishConfig: { access: "public" },
    dependencies: versionsOf(DEPENDENCIES, imports),
    peerDependencies: versionsOf([...PEERS, ...OPTIONAL], imports),
    peerDependenciesMeta: Object.fromEntries(OPTIONAL.map((name) => [name, { optional: true }])),
  };
}

/**
 * Returns the package.json to publish: what a packer wrote, with the facts of deno.json.
 * Packers make a dependency of every package that is imported; those that are peers are removed.
 *
 * @throws {TypeError} If a package is imported that is neither a dependency nor a peer, such as one that only tests need.
 */
export function completed(written: Manifest, facts: Facts): Manifest {
  const own = manifest(facts);
  const known = { ...own.dependencies, ...own.peerDependencies };
  const stray = Object.keys(written.dependencies ?? {}).filter((name) => !(name in known));
  if (stray.length > 0) {
    throw new TypeError(`Cannot build the package as ${stray.join(", ")} must be a dependency or a peer`);
  }
  return { ...written, ...own };
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

/**
 * The polyfills of dnt 0.43, all declined: dnt imports them into every entry point, together with `node:` modules, which
 * no bundle for browsers can have. The lint rule `regions/no-polyfills` keeps away from the sources what needs them.
 */
export const NO_POLYFILLS = {
  arrayFindLast: false,
  arrayFromAsync: false,
  // dnt adds it for any access to a property named `cause`, and errors of the library have one.
  errorCause: false,
  objectHasOwn: false,
  promiseWithResolvers: false,
  stringReplaceAll: false,
};

/** Whether a file of `esm` or `script` is a test or imported by tests only. dnt runs them there, and does not publish them. */
export function isTest(path: string): boolean {
  return /^(?:tests|scripts)\/|^_dnt\.test_/.test(path);
}

/** The published files that contain dnt's polyfills or import them, by their paths in `esm` or `script`. */
export function withPolyfills(files: ReadonlyMap<string, string>): readonly string[] {
  return [...files].filter(([path, text]) => !isTest(path) && /ponyfill|_dnt\.polyfills/.test(path + text))
    .map(([path]) => path);
}

/** Signs that a file needs Deno, or more than Node.js 20 has. */
const DENO_ONLY =
  /\bDeno\.(?!test\()|\bimport\.meta\b|\bArray\.fromAsync\b|^(?:const .* = )?await |"node:(?:net|http|tls)"|\bgc\b/m;

/** The folders whose tests run on Node.js as well, if they are portable. */
const PORTABLE = /^(?:internal|model|polling|client|stream|browser|page|server)\/\w+_test\.ts$/;

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
    if (DENO_ONLY.test(text)) return false;
    return [...text.matchAll(/\bfrom "(\.[^"]+)"/g)].every(([, specifier]) =>
      isPortable(posix.join(posix.dirname(path), specifier), seen)
    );
  };
  return [...files.keys()].filter((path) => PORTABLE.test(path) && isPortable(path, new Set())).sort();
}

function versionsOf(names: readonly string[], imports: Facts["imports"]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, versionOf(name, imports)]));
}

function versionOf(name: string, imports: Facts["imports"]): string {
  const version = /@([^@/]+)$/.exec(imports[name] ?? "")?.[1];
  if (version === undefined) throw new TypeError(`Cannot build the package as deno.json must import ${name}`);
  return version;
}
