// The package, tested as its users would: installed into an empty project, inspected, compiled against, bundled, and run in
// every runtime. A line for each, and at the end a line of counts.
//
//     deno task test:runtimes [--package=FILE]
//
// Without a tarball, Deno's own packer makes one. The one to publish is made and tested by `deno task npm`.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { bundleChecks } from "./bundle_checks.ts";
import { runChecks } from "./checks.ts";
import { packageChecks } from "./package_checks.ts";
import { prepare } from "./project.ts";
import { recipeChecks } from "./recipe_checks.ts";
import { runtimeChecks } from "./runtime_checks.ts";
import { typeChecks } from "./type_checks.ts";

const { values: { package: file } } = parseArgs({ options: { package: { type: "string" } } });

const folder = await Deno.makeTempDir();
let failed = 1;
try {
  const source = file ?? "what deno pack makes, as dnt needs JSR; it has ES modules only";
  console.log(`Testing ${source}`);
  const project = await prepare(folder, file === undefined ? undefined : resolve(file));
  try {
    const groups = [packageChecks, typeChecks, bundleChecks, runtimeChecks, recipeChecks];
    failed = await runChecks(groups.flatMap((group) => group(project)));
  } finally {
    await project.server.close();
  }
} catch (error) {
  console.error(error);
  console.log("0 passed, 1 failed");
} finally {
  await Deno.remove(folder, { recursive: true });
}
Deno.exit(failed === 0 ? 0 : 1);
