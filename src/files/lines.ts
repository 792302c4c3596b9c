/**
 * The file of a journal: JSON Lines, each of them `{"key": …, "value": …}`.
 *
 * @module
 */
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { concat } from "../internal/bytes.ts";
import { isObject, parseJson } from "../internal/json.ts";

/** Where a line is in the file, in bytes, without its line feed. */
export interface Line {
  readonly at: number;
  readonly length: number;
}

/** What a journal's file contains. */
export interface Contents {
  /** The last line of each key. */
  readonly index: Map<string, Line>;
  /** The number of lines. */
  readonly count: number;
  /** Where the last valid line ends, with its line feed. */
  readonly end: number;
  /** Whether anything follows that was being written during a crash. */
  readonly isTorn: boolean;
}

const LINE_FEED = 0x0a;
const CHUNK = 1 << 16;

/** Returns a line with its line feed. Throws a `TypeError` if JSON cannot represent the value. */
export function toLine(key: string, value: unknown): Uint8Array {
  const json: string | undefined = JSON.stringify(value);
  if (json === undefined) throw new TypeError(`Cannot write ${typeof value} to a journal as JSON cannot represent it`);
  return new TextEncoder().encode(`{"key":${JSON.stringify(key)},"value":${json}}\n`);
}

/**
 * Reads all lines, one at a time. Rejects if one of them is not valid, unless it is the last one and a crash explains it.
 */
export async function scan(handle: FileHandle): Promise<Contents> {
  const index = new Map<string, Line>();
  let count = 0, end = 0, isTorn = false;
  for await (const { bytes, at, isComplete } of readLines(handle)) {
    if (isTorn && isComplete) throw invalid(count);
    const record = isComplete ? readRecord(bytes) : null;
    count++;
    if (record !== null) {
      index.set(record.key, { at, length: bytes.length });
      end = at + bytes.length + 1;
    } else if (!isComplete || bytes.includes(0)) {
      // After a power failure, zeros may be in the place of bytes that had not reached the disk.
      isTorn = true;
    } else throw invalid(count);
  }
  return { index, count, end, isTorn };
}

/** Reads the value of a line. */
export async function readValue(handle: FileHandle, line: Line): Promise<unknown> {
  return readRecord(await readLine(handle, line))?.value;
}

/** Copies lines to the beginning of an empty file. Returns where they are in it. */
export async function copyLines(
  from: FileHandle,
  index: ReadonlyMap<string, Line>,
  to: FileHandle,
): Promise<Pick<Contents, "index" | "end">> {
  const copied = new Map<string, Line>();
  let end = 0;
  for (const [key, line] of index) {
    const bytes = concat([await readLine(from, line), Uint8Array.of(LINE_FEED)]);
    await writeAll(to, bytes, end);
    copied.set(key, { at: end, length: line.length });
    end += bytes.length;
  }
  return { index: copied, end };
}

/** Makes a new name in the folder of the file permanent. Not every system can. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(dirname(path), "r");
    await folder.sync().finally(() => folder.close());
  } catch {
    // Windows does not open folders.
  }
}

/** Writes at a position. A single call of the system may write less. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
  }
}

async function readLine(handle: FileHandle, { at, length }: Line): Promise<Uint8Array> {
  const line = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await handle.read(line, done, length - done, at + done);
    if (bytesRead === 0) throw new Error("Cannot read the journal as its file has been truncated");
    done += bytesRead;
  }
  return line;
}

/** Reads the lines of a file, without line feeds. If the file does not end with a line feed, the last one is not complete. */
async function* readLines(
  handle: FileHandle,
): AsyncGenerator<{ readonly bytes: Uint8Array; readonly at: number; readonly isComplete: boolean }> {
  let parts: Uint8Array[] = [];
  let start = 0;
  for (let at = 0;;) {
    const { bytesRead, buffer } = await handle.read(new Uint8Array(CHUNK), 0, CHUNK, at);
    if (bytesRead === 0) break;
    const chunk = buffer.subarray(0, bytesRead);
    let from = 0;
    for (let to = chunk.indexOf(LINE_FEED); to >= 0; to = chunk.indexOf(LINE_FEED, from)) {
      yield { bytes: concat([...parts, chunk.subarray(from, to)]), at: start, isComplete: true };
      parts = [];
      from = to + 1;
      start = at + from;
    }
    parts.push(chunk.subarray(from));
    at += bytesRead;
  }
  const bytes = concat(parts);
  if (bytes.length > 0) yield { bytes, at: start, isComplete: false };
}

function readRecord(line: Uint8Array): { readonly key: string; readonly value: unknown } | null {
  const record = parseJson(decode(line));
  return isObject(record) && typeof record.key === "string" && "value" in record
    ? { key: record.key, value: record.value }
    : null;
}

/** Decodes UTF-8. The result for anything else is not valid JSON. */
function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return "";
  }
}

function invalid(line: number): Error {
  return new Error(`line ${line} is damaged. Remove the line, which loses what it says, or start another journal`);
}
