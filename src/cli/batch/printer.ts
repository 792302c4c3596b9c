/**
 * The results of a batch on standard output, in the order in which they arrive.
 *
 * @module
 */
import * as E from "../../internal/either.ts";
import { printable } from "../../internal/text.ts";
import type { Output } from "../command.ts";
import { messageOf, type Written } from "../files.ts";
import { toJson, toJsonLine } from "../result.ts";
import type { Terminal } from "../terminal.ts";
import { imageName, linkTo } from "./outputs.ts";
import { type Page, toFormats } from "./page.ts";

/** Prints results. */
export interface Printer {
  readonly page: (key: string, page: Page, image: Uint8Array) => Promise<Written>;
  /** Prints an error or a final status, if results are printed as JSON. */
  readonly failure: (key: string, value: unknown) => Promise<Written>;
  /** Prints the id of a task on a line with the key of its image. */
  readonly id: (key: string, id: string) => Promise<Written>;
}

/** Whether a format can be printed for several pages, one after the other. */
export function isPrintable(format: string | undefined): boolean {
  return format === undefined || format === "json";
}

/**
 * Creates a printer.
 *
 * @param isSingle Whether there is only one page, which is printed without its key.
 */
export function createPrinter(terminal: Terminal, { formats, link }: Output, isSingle: boolean): Printer {
  const [format] = toFormats(formats);
  const asJson = (key: string, value: object): string => isSingle ? toJson(value) : toJsonLine({ key, ...value });
  let isFirst = true;
  const withHeading = (key: string, text: string): string => {
    const heading = isSingle ? "" : `${isFirst ? "" : "\n"}${printable(key)}:\n`;
    isFirst = false;
    return heading + text;
  };
  return {
    page: async (key, page, image) => {
      if (format === undefined) return await terminal.print(withHeading(key, page.shown));
      if (format.name === "json") return await terminal.print(asJson(key, page.json));
      let text: string;
      try {
        text = format.write(page, image, imageName(key), link ? linkTo(key, ".") : null);
      } catch (error) {
        return E.left(messageOf(error));
      }
      return await terminal.printFile(text);
    },
    failure: async (key, value) =>
      format?.name === "json" && typeof value === "object" && value !== null
        ? await terminal.print(asJson(key, value))
        : E.right(undefined),
    id: (key, id) => terminal.printFile(`${printable(key)}\t${printable(id)}\n`),
  };
}
