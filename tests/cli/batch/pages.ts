import { withFolder } from "./run.ts";
import { emulate, type EmulatorOptions } from "../../../src/emulator/emulator.ts";

/** What every detector here detects. */
export const REGION = { left: 1, top: 2, right: 30, bottom: 40 };
/** It as a table. */
export const TABLE = "#  left  top  right  bottom\n1     1    2     30      40\n";
/** Detects one region. */
export const detect = () => Promise.resolve([REGION]);
/** An emulator that detects. */
export const DETECTOR: EmulatorOptions = { detect };
/** An emulator that also recognizes. */
export const READER: EmulatorOptions = { detect, recognize: () => Promise.resolve(["To Lucasta\n"]) };

/** A page of which the emulator's detector reads nothing but the last character. */
export const page = (name: string): string => `P5\n40 50\n255\n${"x".repeat(1999)}${name}`;
/** Three images in a folder. */
export const PAGES = { "in/a.pgm": page("a"), "in/b.pgm": page("b"), "in/c.pgm": page("c") };

/** The names of all files below a folder, without the one they all are in. */
export async function filesIn(folder: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) names.push(...(await filesIn(`${folder}/${name}`)).map((file) => `${name}/${file}`));
    else names.push(name);
  }
  return names.sort();
}

/** The files of an output that are pages, by the end of their names. */
export const pagesIn = async (out: string): Promise<readonly string[]> =>
  (await filesIn(out)).map((file) => file.replace(/^.*\/in\//, "")).filter((file) => !file.endsWith(".jsonl"));

/** Runs a test in a folder with three pages, and the name of a folder for the output. */
export function withPages(test: (paths: readonly string[], out: string) => Promise<void>): Promise<void> {
  return withFolder(PAGES, (folder) => test([`${folder}/in`], `${folder}/out`));
}

/** An emulator whose tasks do not end until it is told that they may. */
export function createSlow(): { readonly emulator: ReturnType<typeof emulate>; readonly finish: () => void } {
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => finish = resolve);
  return { emulator: emulate({ workers: 9, detect: () => finished.then(detect) }), finish };
}
