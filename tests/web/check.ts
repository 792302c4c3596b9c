/**
 * What a test of the page consists of.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import type { BrowserContextOptions, Page } from "playwright-core";
import { EXAMPLES } from "../../examples/web/examples.ts";
import type { TestFile } from "./browser.ts";
import type { TestService } from "./service.ts";

/** A test of the page. It fails as well if there is an error in the console or a shift of the layout. */
export interface Check {
  readonly title: string;
  readonly options?: BrowserContextOptions;
  /** The messages of the console that the test provokes. */
  readonly expected?: RegExp;
  readonly run: (world: World) => Promise<void>;
}

/** What a test uses. */
export interface World {
  readonly page: Page;
  readonly service: TestService;
  /** Kills the back end. */
  readonly stop: () => Promise<void>;
  /** Starts the back end again, on the same port. */
  readonly start: () => Promise<void>;
}

/** The example pages. */
export const PAGES: readonly TestFile[] = await Promise.all(EXAMPLES.map(async ({ file }) => ({
  name: file,
  bytes: await readFile(new URL(`../../examples/pages/${file}`, import.meta.url)),
})));

/** The smallest of them. */
export const [POEM, BOOK, PATENT, LATIN] = PAGES;
