/**
 * The images of a batch: those of its paths, or the one on standard input.
 *
 * @module
 */
import * as E from "../../internal/either.ts";
import { filesOf, imagesOf } from "../../files/images.ts";
import { openPages } from "../../files/pages.ts";
import { messageOf } from "../files.ts";
import type { Io } from "../io.ts";
import { STDIN } from "./outputs.ts";

/** An image of a batch. */
export interface Image {
  readonly key: string;
  /** Reads the image. Rejects with an `Error` whose message is a clause. */
  readonly read: () => Promise<Uint8Array>;
}

/** The images of a batch. */
export interface Images {
  /** Whether there is only one. */
  readonly isSingle: boolean;
  /** The images, which can be iterated once. */
  readonly all: AsyncIterable<Image>;
  /** The number of all images, or null as long as it is not known. A file counts as one until it is opened. */
  readonly total: () => number | null;
  /** Ends the iteration without having begun it. */
  readonly close: () => Promise<unknown>;
}

/**
 * Finds the images, of which none is read. A Left is a sentence for the user.
 *
 * @param out The folder of the output, whose files are no images.
 */
export async function openImages(
  paths: readonly string[],
  out: string | null,
  { stdin }: Pick<Io, "stdin">,
): Promise<E.Either<string, Images>> {
  const isStdin = paths.includes(STDIN), exclude = out === null ? [] : [out];
  const images = isStdin ? fromStdin(stdin) : fromPaths(paths, exclude);
  const counter = isStdin ? null : createCounter(paths, exclude);
  const first: Image[] = [];
  try {
    while (first.length < 2) {
      const { done, value } = await images.next();
      if (done) break;
      first.push(value);
    }
  } catch (error) {
    return E.left(`${messageOf(error)}.`);
  }
  if (first.length === 0) return E.left(`No images were found in ${paths.join(", ")}.`);
  async function* all(): AsyncGenerator<Image> {
    for (const image of first) {
      counter?.add(image.key);
      yield image;
    }
    for await (const image of images) {
      counter?.add(image.key);
      yield image;
    }
  }
  return E.right({
    isSingle: first.length === 1,
    all: all(),
    total: () => counter?.total() ?? null,
    close: async () => {
      await images.return(undefined);
      await counter?.close();
    },
  });
}

/** Counts images that are found later. */
interface Counter {
  /** Starts counting at the first call. */
  readonly total: () => number | null;
  /** Must be called with each key, since some are those of further pages of a file. */
  readonly add: (key: string) => void;
  readonly close: () => Promise<void>;
}

function createCounter(paths: readonly string[], exclude: readonly string[]): Counter {
  let files: number | null = null, furtherPages = 0, isClosed = false;
  let counting: Promise<void> | null = null;
  const count = async (): Promise<void> => {
    let found = 0;
    try {
      for await (const _ of filesOf(paths, { exclude })) {
        if (isClosed) return;
        found++;
      }
      files = found;
    } catch {
      // Whatever is wrong, it is reported when the images are read.
    }
  };
  return {
    total: () => {
      counting ??= count();
      return files === null ? null : files + furtherPages;
    },
    add: (key) => {
      if (/#(?!1$)\d+$/.test(key)) furtherPages++;
    },
    close: async () => {
      isClosed = true;
      await counting;
    },
  };
}

async function* fromPaths(paths: readonly string[], exclude: readonly string[]): AsyncGenerator<Image> {
  for await (const { key, image } of imagesOf(paths, { exclude })) yield { key, read: image };
}

/** Finds the pages of standard input. They stay open: the last one is read after it has been found. */
async function* fromStdin(stdin: Io["stdin"]): AsyncGenerator<Image> {
  if (stdin === undefined) throw new Error("There is no standard input");
  const pages = await openPages(await stdin()).catch((error: unknown) => ({
    count: 1,
    read: () => Promise.reject(error),
  }));
  for (let page = 1; page <= pages.count; page++) {
    yield { key: pages.count === 1 ? STDIN : `${STDIN}#${page}`, read: () => pages.read(page) };
  }
}
