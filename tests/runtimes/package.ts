// What must hold of a package before anybody installs it.
import { posix } from "node:path";
import type { Files, Manifest } from "../../scripts/lib/pack.ts";

/**
 * What is missing of the declarations: of an export, or of what the declarations themselves import. Deno's packer
 * leaves all of them out where a single public type is not written down, and calls that a success.
 */
export function missingDeclarations({ exports }: Manifest, files: Files): readonly string[] {
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
      visit(posix.join(posix.dirname(path), specifier.replace(/\.js$/, ".d.ts")), path);
    }
  };
  for (const [name, { types }] of Object.entries(exports)) {
    if (types === undefined) faults.push(`${name}: no types in package.json`);
    else visit(posix.normalize(types), name);
  }
  return faults;
}

/** The targets of exports that are not in the package. */
export function missingTargets({ exports }: Manifest, files: Files): readonly string[] {
  return Object.entries(exports).flatMap(([name, target]) =>
    files.has(posix.normalize(target.default)) ? [] : [`${name}: ${target.default} is missing`]
  );
}

/** Where one of `paths`, or any file: address, stands in a file, or in a source map that a file carries inside. */
export function leakedPaths(files: Files, paths: readonly string[]): readonly string[] {
  const faults: string[] = [];
  for (const [name, text] of files) {
    const maps = [...text.matchAll(/sourceMappingURL=data:[^,]*;base64,([\w+/=]+)/g)].map(([, map]) => atob(map));
    for (const part of [text, ...maps]) {
      const leaked = paths.find((path) => part.includes(path)) ?? /file:\/\/\/[\w.%/-]*\w/.exec(part)?.[0];
      if (leaked !== undefined) faults.push(`${name} holds ${leaked}`);
    }
  }
  return faults;
}
