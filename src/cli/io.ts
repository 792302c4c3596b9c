/**
 * The process that the command line runs in.
 *
 * @module
 */
import { appendFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline/promises";
import { buffer } from "node:stream/consumers";
import { isatty } from "node:tty";

/**
 * One permission, named as in Deno.
 *
 * @category Command line
 */
export interface Permission {
  /** The kind of permission. */
  readonly name: "read" | "write" | "net" | "env";
  /** The path, the host with its port, or the variable; null for all of them. */
  readonly value: string | null;
}

/**
 * The environment that a command runs in.
 *
 * @category Command line
 */
export interface Io {
  /** The environment variables, such as `OCR_CLIENT_ID`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads all of standard input. Absent if there is none. */
  readonly stdin?: () => Promise<Uint8Array>;
  /** Receives the result. If `write` throws or returns a promise that rejects, the text counts as not written. */
  readonly stdout: { readonly write: (text: string) => unknown; readonly isTTY?: boolean; readonly columns?: number };
  /** Receives messages and, if it is a terminal, live lines. `write` reports failures as that of `stdout` does. */
  readonly stderr: {
    readonly write: (text: string) => unknown;
    readonly isTTY?: boolean;
    readonly columns?: number;
    readonly rows?: number;
  };
  /** Asks the runtime, or the user, for a permission. Absent if everything is permitted. */
  readonly permit?: (permission: Permission) => Promise<boolean>;
  /** Tells without asking whether something is permitted. Absent if everything is permitted. */
  readonly isGranted?: (permission: Permission) => boolean;
  /** Asks the user a question on the terminal, and whether the answer is yes. Absent if there is no terminal. */
  readonly confirm?: (question: string) => Promise<boolean>;
  /** Aborts when the user stops the command. */
  readonly signal: AbortSignal;
  /** Receives a message about a paid task that could not be written to `stderr`. If absent, the message is lost. */
  readonly keep?: (line: string) => unknown;
}

/** The part of `Deno.permissions` that is used. */
interface Permissions {
  readonly request: (descriptor: Descriptor) => Promise<{ readonly state: string }>;
  readonly querySync: (descriptor: Descriptor) => { readonly state: string };
}

type Descriptor = { readonly name: Permission["name"] } & Readonly<Record<string, string>>;

/** The field of a descriptor that holds the permission's value. */
const FIELDS = { read: "path", write: "path", net: "host", env: "variable" };

/** The file for messages that can no longer be shown on the terminal. */
const KEPT = "ocr-regions.log";

/**
 * Returns the `Io` of this process. The first Ctrl-C or SIGTERM aborts the signal; the second one ends the process.
 * Closing the terminal (SIGHUP) also aborts the signal. Messages that then cannot be shown are appended to
 * `ocr-regions.log`, in the current folder or, if that fails, in the home folder.
 *
 * @example
 * ```ts ignore
 * import { main, ofProcess } from "@ocr-cloud/regions/cli";
 * import process from "node:process";
 *
 * process.exitCode = await main(["--help"], ofProcess());
 * ```
 *
 * @category Command line
 */
export function ofProcess(): Io {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  // Both the kernel and the shell may send it, so the second one must not end the process while it cancels its task.
  process.on("SIGHUP", stop);
  const { env, stdout, stderr } = process;
  const { permissions } = (globalThis as { readonly Deno?: { readonly permissions: Permissions } }).Deno ?? {};
  const toDescriptor = ({ name, value }: Permission): Descriptor => ({
    name,
    ...value === null ? {} : { [FIELDS[name]]: value },
  });
  // Without a listener, a reader that goes away ends the process. The callback of `write` reports the same error.
  for (const stream of [stdout, stderr]) stream.on("error", () => {});
  return {
    env,
    stdin: async () => {
      controller.signal.addEventListener("abort", () => process.stdin.destroy());
      return new Uint8Array(await buffer(process.stdin));
    },
    stdout: { write: (text) => writeTo(stdout, text), isTTY: stdout.isTTY, columns: stdout.columns },
    stderr: {
      write: (text) => writeTo(stderr, text),
      isTTY: stderr.isTTY,
      get columns() {
        return stderr.columns;
      },
      get rows() {
        return stderr.rows;
      },
    },
    ...permissions === undefined ? {} : {
      permit: async (permission) => (await permissions.request(toDescriptor(permission))).state === "granted",
      isGranted: (permission) => permissions.querySync(toDescriptor(permission)).state === "granted",
    },
    ...isatty(0) && stderr.isTTY ? { confirm: (question) => confirm(question, controller.signal) } : {},
    signal: controller.signal,
    keep: async (line) => {
      const text = `${new Date().toISOString()} ${line}\n`;
      await appendFile(KEPT, text).catch(() => appendFile(join(homedir(), KEPT), text));
    },
  };
}

/** The end of the input, or of the command, means no. */
async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  // Without `terminal: false`, Ctrl-C would be a key instead of a signal.
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  try {
    const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
    return /^y(?:es)?$/i.test((await Promise.race([lines.question(question, { signal }), ended])).trim());
  } catch {
    return false;
  } finally {
    lines.close();
  }
}

function writeTo(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => error ? reject(error) : resolve());
  });
}
