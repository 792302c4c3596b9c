// Runs a bundle as browsers run a script: without modules. Arguments: the bundle, the server's address.
const { readFileSync } = require("node:fs");
const { runInThisContext } = require("node:vm");
const [script, origin] = process.argv.slice(2);

runInThisContext(readFileSync(script, "utf8"), { filename: script });
globalThis.smoke(origin).then((passed) => console.log(JSON.stringify({ passed })), (error) => {
  console.error(error);
  process.exitCode = 1;
});
