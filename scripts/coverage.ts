// The line coverage of src, a row a file; fails below 95 % in all.
import { run, runDeno, succeed } from "./lib/process.ts";

const MINIMUM = 95;

const folder = await Deno.makeTempDir();
const status = await runDeno([
  "test",
  "-A",
  "--quiet",
  "--parallel",
  "--sanitize-ops",
  "--sanitize-resources",
  `--coverage=${folder}`,
  "tests",
]);
if (status !== 0) Deno.exit(status);
await dropCutOff(folder);
const report = [Deno.execPath(), "coverage", folder, "--include=/src/", "--lcov"];
const lcov = succeed(await run(report), "deno coverage");
await Deno.remove(folder, { recursive: true });

const files = lcov.split("end_of_record").flatMap((record) => {
  const field = (name: string): string | undefined => record.match(RegExp(`^${name}:(.*)$`, "m"))?.[1];
  const file = field("SF");
  return file === undefined
    ? []
    : [{ name: file.replace(/^.*\/src\//, "src/"), found: Number(field("LF")), hit: Number(field("LH")) }];
});
const total = files.reduce(
  (sum, { found, hit }) => ({ ...sum, found: sum.found + found, hit: sum.hit + hit }),
  { name: "all of src", found: 0, hit: 0 },
);
for (const { name, found, hit } of [...files, total]) {
  console.log(`${name.padEnd(24)} ${percent(hit, found).toFixed(1).padStart(6)} %  ${hit} of ${found} lines`);
}
if (!(percent(total.hit, total.found) >= MINIMUM)) {
  console.error(`The line coverage of src is below ${MINIMUM} %.`);
  Deno.exit(1);
}

/** Some tests end the processes that they start, which may be just writing what they ran: one such file fails the report. */
async function dropCutOff(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".json")) continue;
    try {
      JSON.parse(await Deno.readTextFile(`${folder}/${name}`));
    } catch {
      await Deno.remove(`${folder}/${name}`);
    }
  }
}

function percent(part: number, whole: number): number {
  return 100 * part / whole;
}
