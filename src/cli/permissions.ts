/**
 * What a command must be permitted, on a runtime that asks for permissions as Deno does.
 *
 * @module
 */
import { isIP } from "node:net";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import * as E from "../internal/either.ts";
import type { Command, Doctor, Serve, Tasks } from "./command.ts";
import type { Io, Permission } from "./io.ts";
import { quote } from "./shell.ts";
import { STATE_VARIABLES } from "./state_folder.ts";

/** Permission to read the settings of the service. */
const SETTINGS = toRead("OCR_CLIENT_ID", "OCR_CLIENT_SECRET", "OCR_BASE_URL");

/** The recognizer reads the package of the language, wherever that is. */
const RECOGNIZER_FILES: readonly Permission[] = [{ name: "read", value: null }];

/** Permission to read variables of the environment. */
export function toRead(...variables: readonly string[]): readonly Permission[] {
  return variables.map((value) => ({ name: "env", value }));
}

/** What a command needs before it begins. To which host it connects is known only after that, from its settings. */
export function neededBy(command: Command): readonly Permission[] {
  switch (command._tag) {
    case "Help":
    case "Version":
    case "Completion":
      return [];
    case "Detect":
      return [...filesOf(command), ...command.emulate ? detectorFiles() : SETTINGS];
    case "Read":
      return [...filesOf(command), ...command.emulate ? RECOGNIZER_FILES : SETTINGS];
    case "Watch":
      return [
        ...filesOf({ paths: command.image === null ? [] : [command.image], out: command.out }),
        ...idsOf(command),
        ...SETTINGS,
      ];
    case "Status":
    case "Cancel":
      return [...idsOf(command), ...SETTINGS];
    case "Serve":
      return [...detectorFiles(), { name: "net", value: listenAddress(command) }];
    case "Doctor":
      return neededByDoctor(command);
  }
}

function neededByDoctor({ record, replay, trial, emulate }: Doctor): readonly Permission[] {
  const written = filesOf({ paths: [], out: record === null ? null : dirname(record) });
  if (replay !== null) return [{ name: "read", value: replay }];
  return [...written, ...emulate ? RECOGNIZER_FILES : trial ? toRead("OCR_BASE_URL") : SETTINGS];
}

/** The folder with the ids of the last submission is known only when these variables are. */
function idsOf({ last }: Tasks): readonly Permission[] {
  return last ? toRead(...STATE_VARIABLES) : [];
}

/** Asks for permissions. A Left is a sentence that names the flags which grant those that were denied. */
export async function demand({ permit }: Io, permissions: readonly Permission[]): Promise<E.Either<string, void>> {
  if (permit === undefined) return E.right(undefined);
  const denied: Permission[] = [];
  for (const permission of permissions) if (!await permit(permission)) denied.push(permission);
  return denied.length === 0
    ? E.right(undefined)
    : E.left(`Permission denied. Run the program with ${toFlags(denied).map(quote).join(" ")} as well.`);
}

/** Images are read. An output is written to a new file in its folder, which then takes the place of the old one. */
function filesOf({ paths, out }: { readonly paths: readonly string[]; readonly out: string | null }): Permission[] {
  const read = paths.filter((path) => path !== "-").map(withoutPattern);
  return [
    ...[...read, ...out === null ? [] : [out]].map((value) => ({ name: "read", value } as const)),
    ...out === null ? [] : [{ name: "write", value: out } as const],
  ];
}

/** The folder in which a pattern such as `scans/*.png` is looked for; a path without a pattern is left as it is. */
function withoutPattern(path: string): string {
  const start = path.search(/[*?[{]/);
  return start < 0 ? path : dirname(`${path.slice(0, start)}_`);
}

/** The detector's thread reads its modules, unless they come from JSR. */
function detectorFiles(): readonly Permission[] {
  const sources = new URL("..", import.meta.url);
  return sources.protocol === "file:" ? [{ name: "read", value: fileURLToPath(sources) }] : [];
}

/** Null for the name of a host, since Deno asks for the addresses that it stands for as well. */
function listenAddress({ host, port }: Serve): string | null {
  const version = isIP(host);
  return version === 0 ? null : `${version === 6 ? `[${host}]` : host}:${port}`;
}

/** One flag for each kind of permission. */
function toFlags(permissions: readonly Permission[]): readonly string[] {
  const flags = new Map<string, Set<string | null>>();
  for (const { name, value } of permissions) {
    flags.set(name, (flags.get(name) ?? new Set()).add(value?.replaceAll(",", ",,") ?? null));
  }
  // Without values, a flag permits everything.
  return [...flags].map(([name, values]) => `--allow-${name}${values.has(null) ? "" : `=${[...values].join(",")}`}`);
}
