// What is used of @deno/dnt 0.43, for the type check: JSR may be out of reach where that runs.

/** A package.json. */
interface PackageJson {
  name: string;
  version: string;
  [field: string]: unknown;
}

/** Polyfills that dnt adds or not. */
type PolyfillName =
  | "arrayFindLast"
  | "arrayFromAsync"
  | "errorCause"
  | "importMeta"
  | "objectHasOwn"
  | "promiseWithResolvers"
  | "stringReplaceAll";

export interface BuildOptions {
  entryPoints: { kind?: "bin" | "export"; name: string; path: string }[];
  outDir: string;
  package: PackageJson;
  shims: { deno?: boolean | "dev" | { test?: boolean | "dev" } };
  polyfills?: boolean | Partial<Record<PolyfillName, boolean>>;
  typeCheck?: "both" | "single" | false;
  filterDiagnostic?: (diagnostic: { readonly file?: { readonly fileName: string } }) => boolean;
  compilerOptions?: { target?: "ES2022"; lib?: ("ES2022" | "DOM" | "DOM.Iterable")[] };
  declarationMap?: boolean;
  rootTestDir?: string;
  testPattern?: string;
  postBuild?: () => void | Promise<void>;
}

export function build(options: BuildOptions): Promise<void>;

export function emptyDir(folder: string): Promise<void>;
