/**
 * What a command must be permitted, on a runtime that asks for permissions as Deno does.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { isIP } from "node:net";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, quote, type Serve } from "./single_command.ts";
import type { Io, Permission } from "./io.ts";

/** Permission to read the settings of the service. */
const SETTINGS = toRead("OCR_CLIENT_ID", "OCR_CLIENT_SECRET", "OCR_BASE_URL");

/** Permission to read variables of the environment. */
export function toRead(...variables: readonly string[]): readonly Permission[] {
  return variables.map((value) => ({ name: "env", value }));
}

/** What a command needs before it begins. To which host it connects is known only after that, from its settings. */
export function neededBy(command: Command): readonly Permission[] {
  switch (command._tag) {
    case "Help":
      return [];
    case "Detect":
      return [...filesOf(command), ...command.emulated ? detectorFiles() : SETTINGS];
    case "Read":
      return [
        ...filesOf(command),
        ...command.state === null ? [] : filesOf({ image: command.state, svg: command.state }),
        // The recognizer reads the package of the language, wherever that is.
        ...command.emulated ? [{ name: "read", value: null } as const] : SETTINGS,
      ];
    case "Watch":
      return [...filesOf(command), ...SETTINGS];
    case "Cancel":
      return SETTINGS;
    case "Serve":
      return [...detectorFiles(), { name: "net", value: listenAddress(command) }];
  }
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

/** An image is read. A drawing is written to a new file in its folder, which then takes the place of the old one. */
function filesOf({ image, svg }: { readonly image: string | null; readonly svg: string | null }): Permission[] {
  const folders = svg === null ? [] : [dirname(svg)];
  const read = [...image === null ? [] : [image], ...folders];
  return [
    ...read.map((value) => ({ name: "read", value } as const)),
    ...folders.map((value) => ({ name: "write", value } as const)),
  ];
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
