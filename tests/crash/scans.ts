/** A folder of scans, and an emulator of the service on a socket that counts how often each page is sent to it. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { emulate } from "../../src/emulator/emulator.ts";
import { serve } from "../../src/emulator/serve.ts";
import { readImageHeader } from "../../src/internal/image_header.ts";
import { pause } from "../durable/checks.ts";
import { pdf } from "../files/pdf_file.ts";
import { tiff } from "../files/tiff_file.ts";
import { ascii, blank, pgm } from "../support/images.ts";

/** What is in a folder of scans. */
export interface Scans {
  /** The width of each page that can be processed, by its key. No two pages have the same. */
  readonly pages: ReadonlyMap<string, number>;
  /** The keys of the files that cannot be. */
  readonly unusable: readonly string[];
}

/** More pixels than the emulator accepts. */
const HUGE = ascii("P5\n40000 40000\n255\n");
const HEIGHT = 3;
/** How long the emulator takes for a page, in milliseconds. */
const SERVICE_TIME = 150;
/** How long an answer takes to arrive, in milliseconds: in that time, the service has a page, and the program does not know. */
const DELAY = 100;

/**
 * Writes files into the folder `name` of `folder`: images, a TIFF file of three pages, a PDF of two, an image that is too
 * large, and one that is damaged.
 *
 * @param count The number of files, at least 4.
 */
export async function writeScans(folder: string, name: string, count: number): Promise<Scans> {
  const pages = new Map<string, number>();
  let width = 10;
  const page = (key: string): number => {
    pages.set(`${name}/${key}`, ++width);
    return width;
  };
  const write = (file: string, bytes: Uint8Array): Promise<void> => writeFile(join(folder, name, file), bytes);
  await mkdir(join(folder, name));
  for (let i = 1; i <= count - 4; i++) await write(`page ${i}.pgm`, pgm(blank(page(`page ${i}.pgm`), HEIGHT)));
  await write(
    "letter.tif",
    tiff([1, 2, 3].map((i) => ({ width: page(`letter.tif#${i}`), height: HEIGHT, gray: 255 }))),
  );
  // At 200 dpi, 36 points are 100 pixels.
  const wide = [1, 2].map((i) => {
    pages.set(`${name}/form.pdf#${i}`, 10_000 + 100 * i);
    return { size: [3600 + 36 * i, 36] } as const;
  });
  await write("form.pdf", pdf(wide));
  await write("huge.pgm", HUGE);
  await write("damaged.jpg", Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0));
  return { pages, unusable: [`${name}/huge.pgm`, `${name}/damaged.jpg`] };
}

/** A server that counts. */
export interface CountingServer {
  readonly url: string;
  /** How often each page was sent and accepted, by its width. */
  readonly accepted: Map<number, number>;
  /** Resolves when the next request arrives. */
  readonly nextRequest: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Starts the emulator. The only region of a page is the whole page. */
export async function startCountingServer(): Promise<CountingServer> {
  const accepted = new Map<number, number>();
  const handle = emulate({
    serviceTime: SERVICE_TIME,
    workers: 100,
    detect: (image) => {
      const { width = 0, height = 0 } = readImageHeader(image) ?? {};
      accepted.set(width, (accepted.get(width) ?? 0) + 1);
      return Promise.resolve([{ left: 0, top: 0, right: width, bottom: height }]);
    },
  });
  let listeners: (() => void)[] = [];
  const nextRequest = (): Promise<void> => new Promise((resolve) => listeners.push(resolve));
  const server = await serve(async (request) => {
    for (const listener of listeners) listener();
    listeners = [];
    const response = await handle(request);
    await pause(DELAY);
    return response;
  }, 0);
  return { accepted, nextRequest, ...server };
}
