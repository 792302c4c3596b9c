// The data flows one way: a file imports only from files above it in this list.
const LAYERS = [
  "abort",
  "timers",
  "base64",
  "codec",
  "poll_state",
  "error",
  "region",
  "task_status",
  "settings",
  "history",
  "schedule",
  "learned",
  "step",
  "budget",
  "token",
  "request",
  "api",
  "core",
  "watch",
  "event_stream",
  "image_header",
  "svg",
  "durable_object",
  "emulator_queue",
  "emulator",
  "detector",
  "serve",
  "cli",
  "bin",
];

const faults: string[] = [];
const source = new URL("../src/", import.meta.url);
for await (const { name } of Deno.readDir(source)) {
  const layer = LAYERS.indexOf(name.replace(/\.ts$/, ""));
  if (layer < 0) faults.push(`src/${name} has no place in LAYERS`);
  const text = await Deno.readTextFile(new URL(name, source));
  for (const [, imported] of text.matchAll(/(?:from|import\() ?"\.\/(\w+)\.ts"/g)) {
    if (LAYERS.indexOf(imported) >= layer) faults.push(`src/${name} imports ${imported}.ts, which is not above it`);
  }
}
for (const fault of faults) console.error(fault);
console.log(faults.length === 0 ? `Layers: ${LAYERS.length} files in order` : `Layers: ${faults.length} faults`);
if (faults.length > 0) Deno.exit(1);
