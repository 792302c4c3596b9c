// Bundles with Rollup, for browsers. Arguments: the folder of the tools, the entry point, the bundle.
const { createRequire } = require("node:module");
const [tools, input, file] = process.argv.slice(2);
const load = createRequire(`${tools}/`);
const { rollup } = load("rollup");
const commonjs = load("@rollup/plugin-commonjs");
const { nodeResolve } = load("@rollup/plugin-node-resolve");

// A module that is not found, such as one of Node.js, is only a warning. Others are about the code of rxjs.
const onwarn = ({ code, message }) => {
  if (code === "UNRESOLVED_IMPORT" || code === "MISSING_EXPORT") throw new Error(message);
};
rollup({ input, plugins: [nodeResolve({ browser: true, preferBuiltins: false }), commonjs()], onwarn })
  .then((bundle) => bundle.write({ file, format: "iife" }))
  .catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
