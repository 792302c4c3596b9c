import * as E from "fp-ts/lib/Either.js";
import { submitImage } from "../../src/client/operations.ts";
import { main, type Permission } from "../../src/cli/cli.ts";
import { emulate, type EmulatorOptions } from "../../src/emulator/emulator.ts";
import { connect } from "../../src/client/service.ts";
import { serve } from "../../src/emulator/serve.ts";

/** A page of a book. */
export const PAGE = "examples/pages/lucasta.047.jpg";

/** The id of no task. */
export const ID = "a371d027-4b0d-4d86-8825-c8d818dd4ed9";

/** Among the arguments of {@linkcode against}, the id of a task that was sent before. */
export const TASK = "TASK";

/** Credentials, as the environment holds them. */
export const PAIR = { OCR_CLIENT_ID: "id", OCR_CLIENT_SECRET: "secret" };

/** What a command came to. */
export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in this process. */
export async function run(
  args: readonly string[],
  { env = {}, tty, stdoutIsTTY = false, heard = () => {}, fails = () => null, keep, permit }: {
    readonly env?: Record<string, string>;
    readonly tty?: { readonly columns: number };
    /** Whether standard output is a terminal. */
    readonly stdoutIsTTY?: boolean;
    /** Hears what is said, and may end the command. */
    readonly heard?: (text: string, stop: () => void) => unknown;
    /** The code of the error with which a stream refuses a text, or null. */
    readonly fails?: (stream: "stdout" | "stderr", text: string) => string | null;
    /** Takes what standard error refused. */
    readonly keep?: (line: string) => void;
    /** Grants or denies a permission. */
    readonly permit?: (permission: Permission) => Promise<boolean>;
  } = {},
): Promise<Outcome> {
  const controller = new AbortController();
  const said = { stdout: "", stderr: "" };
  const writeTo = (stream: "stdout" | "stderr") => (text: string): void => {
    const code = fails(stream, text);
    if (code !== null) throw Object.assign(new Error(), { code });
    heard(said[stream] += text, () => controller.abort());
  };
  const status = await main(args, {
    env,
    signal: controller.signal,
    stdout: { write: writeTo("stdout"), isTTY: stdoutIsTTY },
    stderr: { write: writeTo("stderr"), ...tty === undefined ? {} : { isTTY: true, ...tty } },
    ...keep === undefined ? {} : { keep },
    ...permit === undefined ? {} : { permit },
  });
  return { status, ...said };
}

/** Runs a command against an emulator on a socket. */
export async function against(
  options: EmulatorOptions,
  args: readonly string[],
  more: Parameters<typeof run>[1] = {},
): Promise<Outcome & { readonly requests: readonly string[]; readonly id: string }> {
  const handle = emulate(options);
  const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: handle });
  const submitted = args.includes(TASK) ? await submitImage(new Uint8Array([1]))(service)() : E.right("");
  if (E.isLeft(submitted)) throw new Error(submitted.left._tag);
  const id = submitted.right;
  const requests: string[] = [];
  const server = await serve((request) => {
    requests.push(`${request.method} ${new URL(request.url).pathname}`);
    return handle(request);
  }, 0);
  try {
    const known = args.map((arg) => arg === TASK ? id : arg);
    return { id, ...await run(known, { ...more, env: { ...PAIR, OCR_BASE_URL: server.url, ...more.env } }), requests };
  } finally {
    await server.close();
  }
}

/** A file in a folder of its own. */
export async function withFile(
  name: string,
  content: Uint8Array | string,
  test: (file: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(`${folder}/${name}`, bytes);
    await test(`${folder}/${name}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
