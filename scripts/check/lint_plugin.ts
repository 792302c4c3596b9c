// A lint plugin for what must not be in the published sources. The rules hold for src and mod.ts.

/** The messages of a rule, by the selectors of the nodes that they are about. */
type Faults = Readonly<Record<string, string>>;

/** What makes dnt add polyfills, with imports of `node:` modules, to every entry point of the npm package. */
const POLYFILLS: Faults = {
  'MemberExpression[object.name="Object"][property.name="hasOwn"]': "dnt polyfills Object.hasOwn",
  'MemberExpression[object.name="Array"][property.name="fromAsync"]': "dnt polyfills Array.fromAsync",
  'MemberExpression[object.name="Promise"][property.name="withResolvers"]': "dnt polyfills Promise.withResolvers",
  'VariableDeclarator[id.type="ObjectPattern"][init.name=/^(?:Object|Array|Promise)$/]':
    "dnt polyfills what may be taken from this global",
  "MemberExpression[property.name=/^findLast(?:Index)?$/]": "dnt polyfills findLast and findLastIndex",
  'NewExpression[callee.name=/Error$/] > ObjectExpression > Property[key.name="cause"]':
    "dnt polyfills the cause of an error",
  'MemberExpression[object.type="MetaProperty"][property.name!="url"]': "only import.meta.url works in CommonJS",
};

/** What not every runtime has. */
const PLATFORM: Faults = {
  "ImportDeclaration[source.value=/^node:/]": "not every runtime has node: modules",
  "ImportExpression[source.value=/^node:/]": "not every runtime has node: modules",
  "MemberExpression[object.name=/^(?:Deno|Buffer|process)$/]": "not every runtime has this global",
};

/** What takes long to load, and what the library uses of it instead. Types cost nothing. */
const HEAVY: Faults = Object.fromEntries(
  [
    [/^fp-ts\//, "src/internal/either.ts, option.ts or pipe.ts"],
    [/^io-ts/, "src/model/type.ts and codec.ts"],
    [/^rxjs$/, "src/internal/rxjs.ts"],
  ].map(([source, instead]) => [
    `ImportDeclaration[source.value=${source}][importKind!="type"]`,
    `loading this module takes long: use ${instead}, or import types with "import type"`,
  ]),
);

const ROOT = new URL("../..", import.meta.url).pathname;

const plugin: Deno.lint.Plugin = {
  name: "regions",
  rules: {
    "no-heavy-imports": toRule(HEAVY, /^(?:src\/.*|mod)\.ts$/),
    "no-polyfills": toRule(POLYFILLS, /^(?:src\/.*|mod)\.ts$/),
    "no-platform": toRule(
      PLATFORM,
      /^(?:src\/(?!cli\/|files\/|emulator\/(?:detector|job_pool|language_data|recognizer|serve)\.ts).*|mod)\.ts$/,
    ),
  },
};
export default plugin;

/** A rule for the files whose paths from the root match. */
function toRule(faults: Faults, files: RegExp): Deno.lint.Rule {
  return {
    create(context) {
      const path = context.filename.replace(/^file:\/\//, "");
      if (!path.startsWith(ROOT) || !files.test(path.slice(ROOT.length))) return {};
      return Object.fromEntries(
        Object.entries(faults).map(([selector, message]) => [
          selector,
          (node: Deno.lint.Node) => context.report({ node, message }),
        ]),
      );
    },
  };
}
