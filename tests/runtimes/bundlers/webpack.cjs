// Bundles with webpack, for browsers. Arguments: the folder of the tools, the entry point, the bundle.
const { createRequire } = require("node:module");
const { basename, dirname } = require("node:path");
const [tools, entry, outfile] = process.argv.slice(2);
const webpack = createRequire(`${tools}/`)("webpack");

const options = {
  mode: "production",
  target: ["web", "es2022"],
  entry,
  output: { path: dirname(outfile), filename: basename(outfile) },
  performance: false,
};
webpack(options, (error, stats) => {
  if (error === null && !stats.hasErrors() && !stats.hasWarnings()) return;
  console.error(error ?? stats.toString({ all: false, errors: true, warnings: true }));
  process.exitCode = 1;
});
