// What must hold of a package before anybody installs it.
import { posix } from "node:path";
import type { Files, Manifest } from "../../scripts/lib/pack.ts";
import type { Target } from "../../scripts/npm/metadata.ts";

/** How packages are found: by `import`, or by `require`. */
export type Kind = "import" | "require";

/** The file that an export leads to, or undefined. Conditions are tried in order. */
export function resolve(target: Target | undefined, conditions: readonly string[]): string | undefined {
  if (target === undefined || typeof target === "string") return target;
  for (const [condition, inner] of Object.entries(target)) {
    const resolved = condition === "default" || conditions.includes(condition) ? resolve(inner, conditions) : undefined;
    if (resolved !== undefined) return resolved;
  }
  return undefined;
}

/** The names of the exports that are modules, such as `./core`. */
export function modulesOf({ exports }: Manifest, kind: Kind = "import"): readonly string[] {
  return Object.keys(exports).filter((name) => /\.[cm]?js$/.test(resolve(exports[name], [kind]) ?? ""));
}

/** Whether the package has CommonJS of its own. */
export function hasCommonJs({ exports }: Manifest): boolean {
  return Object.values(exports).some((target) => typeof target === "object" && "require" in target);
}

/** The targets of exports and programs that are not in the package. */
export function missingTargets({ exports, bin }: Manifest, files: Files): readonly string[] {
  return [...Object.entries(exports), ...Object.entries(bin)].flatMap(([name, target]) =>
    leavesOf(target).flatMap((path) => files.has(posix.normalize(path)) ? [] : [`${name}: ${path} is missing`])
  );
}

function leavesOf(target: Target): readonly string[] {
  return typeof target === "string" ? [target] : Object.values(target).flatMap(leavesOf);
}

/**
 * The declarations that are missing: of an export, or of what the declarations themselves import. Deno's packer leaves
 * out all of them if a single public type is not written down, and succeeds.
 */
export function missingDeclarations(manifest: Manifest, files: Files): readonly string[] {
  const faults: string[] = [];
  const seen = new Set<string>();
  const visit = (path: string, from: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    const text = files.get(path);
    if (text === undefined) {
      faults.push(`${from}: ${path} is missing`);
      return;
    }
    for (const [, specifier] of text.matchAll(/(?:\bfrom|\bimport\(|\bimport)\s*"(\.[^"]+)"/g)) {
      visit(posix.join(posix.dirname(path), toDeclaration(specifier)), path);
    }
  };
  for (const kind of hasCommonJs(manifest) ? ["import", "require"] as const : ["import"] as const) {
    for (const name of modulesOf(manifest, kind)) {
      const target = resolve(manifest.exports[name], ["types", kind]) ?? "";
      visit(posix.normalize(toDeclaration(target)), name);
    }
  }
  return faults;
}

/** Where TypeScript looks for the declarations of a module that names none: next to it. */
function toDeclaration(path: string): string {
  return path.replace(/(?<!\.d)\.js$/, ".d.ts");
}

/** The files of a package that are not meant to be published: tests, and scripts that they import. */
export function strayFiles(files: Files): readonly string[] {
  return [...files.keys()].filter((path) => /^(?:(?:esm|script)\/)?(?:tests|scripts|node_modules)\/|test_/.test(path));
}

/** Where one of `paths`, or any file: address, occurs in a file, or in a source map inside a file. */
export function leakedPaths(files: Files, paths: readonly string[]): readonly string[] {
  const faults: string[] = [];
  for (const [name, text] of files) {
    const maps = [...text.matchAll(/sourceMappingURL=data:[^,]*;base64,([\w+/=]+)/g)].map(([, map]) => atob(map));
    for (const part of [text, ...maps]) {
      const leaked = paths.find((path) => part.includes(path)) ?? /file:\/\/\/[\w.%/-]*\w/.exec(part)?.[0];
      if (leaked !== undefined) faults.push(`${name} contains ${leaked}`);
    }
  }
  return faults;
}

/** The packages that modules import but that are neither a dependency nor a peer, so that npm might not install them. */
export function undeclaredImports(manifest: Manifest, files: Files): readonly string[] {
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
  return [...files].filter(([path]) => /\.[cm]?js$/.test(path)).flatMap(([path, text]) => {
    const code = text.replace(/\/\*[^]*?\*\//g, "");
    const names = [...code.matchAll(/(?:\bfrom |\bimport |\bimport\(|\brequire\()["']((?:@[\w.-]+\/)?[\w-][\w.-]*)/g)]
      .map(([, name]) => name);
    return [...new Set(names)].filter((name) => name !== "node" && !(name in declared))
      .map((name) => `${path} imports ${name}`);
  });
}

/** What is wrong with the ranges of the peers, given the oldest versions that are tested. */
export function wrongPeers(
  { peerDependencies }: Manifest,
  tested: Readonly<Record<string, string>>,
): readonly string[] {
  return Object.entries(tested).flatMap(([name, version]) => {
    const range = peerDependencies[name];
    return range === `^${version}`
      ? []
      : [`${name} must be a peer in the range ^${version}, which is tested, not ${range}`];
  });
}
