// Bundles with Vite, for browsers. Arguments: the folder of the tools, the entry point, a folder for bundle.js.
const { createRequire } = require("node:module");
const { dirname } = require("node:path");
const { pathToFileURL } = require("node:url");
const [tools, entry, outDir] = process.argv.slice(2);

/** Vite replaces a module of Node.js with an empty one, and says nothing. */
const noEmptyModules = {
  name: "no-empty-modules",
  buildEnd() {
    const empty = [...this.getModuleIds()].filter((id) => id.includes("browser-external"));
    if (empty.length > 0) throw new Error(`Modules of Node.js are imported: ${empty.join(", ")}`);
  },
};
import(pathToFileURL(createRequire(`${tools}/`).resolve("vite")).href)
  .then(({ build }) =>
    build({
      root: dirname(entry),
      configFile: false,
      logLevel: "error",
      plugins: [noEmptyModules],
      build: {
        target: "es2022",
        outDir,
        lib: { entry, formats: ["iife"], name: "host", fileName: () => "bundle.js" },
      },
    })
  )
  .catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
