import { runDetect, runRead } from "../../../src/cli/batch/batch.ts";
import type { BatchCommand, Detect, Read } from "../../../src/cli/command.ts";
import type { Io } from "../../../src/cli/io.ts";
import { createTerminal } from "../../../src/cli/terminal.ts";
import { emulate, type EmulatorOptions } from "../../../src/emulator/emulator.ts";
import { serve } from "../../../src/emulator/serve.ts";
import { type Outcome, PAIR } from "../run.ts";
import { withFolder as withNewFolder } from "../../files/folder.ts";

const COMMAND: BatchCommand = {
  paths: [],
  out: null,
  formats: [],
  link: false,
  concurrency: 4,
  rate: null,
  deadline: null,
  resume: false,
  resubmit: false,
  detach: false,
  keep: false,
  emulate: false,
  quiet: false,
  verbose: false,
};

/** A detection, with the defaults of its options. */
export function toDetect(command: Partial<Detect>): Detect {
  return { ...COMMAND, _tag: "Detect", settings: {}, ...command };
}

/** A reading, with the defaults of its options. */
export function toRead(command: Partial<Read>): Read {
  return { ...COMMAND, _tag: "Read", settings: {}, ...command };
}

/** What happens to a batch. */
export interface Circumstances {
  readonly env?: Record<string, string>;
  /** Standard input, whose reader may end the command. */
  readonly stdin?: (stop: () => void) => Promise<Uint8Array>;
  /** The size of the terminal that standard error is. */
  readonly tty?: { readonly columns: number; readonly rows?: number };
  /** Hears what is said, and may end the command. */
  readonly heard?: (text: string, stop: () => void) => unknown;
  /** Hears of each request before it is handled, and may end the command. Its response replaces the emulator's. */
  readonly requested?: (request: Request, stop: () => void) => Promise<Response | void> | Response | void;
  /** What standard output waits for before it takes a text. */
  readonly printed?: (text: string) => Promise<unknown> | void;
  /** The code of the error with which a stream refuses a text, or null. */
  readonly fails?: (stream: "stdout" | "stderr", text: string) => string | null;
}

/** What a batch came to. */
export interface BatchOutcome extends Outcome {
  /** The number of images that were submitted. */
  readonly posts: number;
  readonly requests: readonly string[];
  /** What could not be said. */
  readonly kept: readonly string[];
}

/** Runs a batch in this process, against an emulator on a socket. */
export async function runBatch(
  command: Detect | Read,
  emulator: EmulatorOptions | ReturnType<typeof emulate> = {},
  { env = {}, stdin, tty, heard = () => {}, printed = () => {}, requested = () => {}, fails = () => null }:
    Circumstances = {},
): Promise<BatchOutcome> {
  const handle = typeof emulator === "function" ? emulator : emulate(emulator);
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  const requests: string[] = [], kept: string[] = [];
  const server = await serve(async (request) => {
    requests.push(`${request.method} ${new URL(request.url).pathname}`);
    return await requested(request, stop) ?? handle(request);
  }, 0);
  const said = { stdout: "", stderr: "" };
  const writeTo = (stream: "stdout" | "stderr") => (text: string): Promise<unknown> | void => {
    const code = fails(stream, text);
    if (code !== null) throw Object.assign(new Error(), { code });
    heard(said[stream] += text, stop);
    return stream === "stdout" ? printed(text) : undefined;
  };
  const io: Io = {
    env: { ...PAIR, OCR_BASE_URL: server.url, ...env },
    signal: controller.signal,
    stdout: { write: writeTo("stdout") },
    stderr: { write: writeTo("stderr"), ...tty === undefined ? {} : { isTTY: true, ...tty } },
    keep: (line) => kept.push(line),
    ...stdin === undefined ? {} : { stdin: () => stdin(stop) },
  };
  try {
    const terminal = createTerminal(io);
    const status = command._tag === "Detect"
      ? await runDetect(command, io, terminal)
      : await runRead(command, io, terminal);
    const posts = requests.filter((request) => request.startsWith("POST /v5")).length;
    return { status, ...said, posts, requests, kept };
  } finally {
    await server.close();
  }
}

/** A folder with a file for each name, which are no images to anybody but an emulator with its own detector. */
export function withFolder(
  files: Readonly<Record<string, string | Uint8Array>>,
  test: (folder: string) => Promise<void>,
): Promise<void> {
  return withNewFolder(async (folder) => {
    for (const [name, content] of Object.entries(files)) {
      const path = `${folder}/${name}`;
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      await (typeof content === "string" ? Deno.writeTextFile(path, content) : Deno.writeFile(path, content));
    }
    await test(folder);
  });
}
