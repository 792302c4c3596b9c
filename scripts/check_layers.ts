// The data flows one way: a file imports only from files above it in this list.
const LAYERS = [
  "abort",
  "internal/heap",
  "timers",
  "base64",
  "internal/bytes",
  "codec",
  "poll_state",
  "error",
  "region",
  "task_status",
  "model/language",
  "settings",
  "history",
  "schedule",
  "learned",
  "step",
  "budget",
  "client/redact",
  "token",
  "client/delivery",
  "client/transport",
  "request",
  "api",
  "core",
  "watch",
  "event_stream",
  "image_header",
  "internal/image_kind",
  "page/xml",
  "page/labels",
  "page/picture",
  "svg",
  "server/task_storage",
  "durable_object",
  "emulator_queue",
  "emulator/responses",
  "emulator/body",
  "emulator",
  "emulator/unsupported",
  "detector",
  "serve",
  "cli/io",
  "cli/files",
  "cli/terminal",
  "cli/progress",
  "cli/result",
  "cli/status",
  "cli/command",
  "cli/connection",
  "cli/local_emulator",
  "cli/serve_command",
  "cli/task_commands",
  "cli",
  "bin",
];

const faults: string[] = [];
const source = new URL("../src/", import.meta.url);
for (const file of await listFiles(source)) {
  const layer = LAYERS.indexOf(file);
  if (layer < 0) faults.push(`src/${file}.ts has no place in LAYERS`);
  const path = new URL(`${file}.ts`, source);
  const text = await Deno.readTextFile(path);
  for (const [, specifier] of text.matchAll(/(?:from|import\() ?"(\.[^"]+)\.ts"/g)) {
    const imported = new URL(specifier, path).href.slice(source.href.length);
    if (LAYERS.indexOf(imported) >= layer) faults.push(`src/${file}.ts imports ${imported}.ts, which is not above it`);
  }
}
for (const fault of faults) console.error(fault);
console.log(faults.length === 0 ? `Layers: ${LAYERS.length} files in order` : `Layers: ${faults.length} faults`);
if (faults.length > 0) Deno.exit(1);

/** The TypeScript files of a folder and the folders in it, as paths without the extension, such as `client/redact`. */
async function listFiles(folder: URL, prefix = ""): Promise<readonly string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) files.push(...await listFiles(new URL(`${name}/`, folder), `${prefix}${name}/`));
    else files.push(prefix + name.replace(/\.ts$/, ""));
  }
  return files;
}
