/**
 * Blocks, lines and words, of which the pages of PAGE XML, ALTO and hOCR consist.
 *
 * @module
 */
import type { Region } from "../model/region.ts";
import type { PageRegion } from "./content.ts";
import { uniteRegions } from "./geometry.ts";
import { type ReaderOptions, type Report, toNumber } from "./reading.ts";
import { attributeOf, childrenOf, type XmlElement } from "./xml_tree.ts";

/** A block, line or word. */
export interface Part {
  readonly level: Level;
  readonly element: XmlElement;
  /** The ids by which a reading order may refer to it: its own, and those of the elements around it, from the inside. */
  readonly ids: readonly string[];
  /**
   * Returns the stated outline or, if there is none, the rectangle around the parts. Null if neither is known, and
   * undefined if the stated one is malformed, which has been reported.
   */
  readonly outline: () => Region | null | undefined;
  /** Returns the text, or undefined if it is unknown. */
  readonly text: () => string | undefined;
  readonly parts: readonly Part[];
}

/** What a part is. */
export type Level = NonNullable<ReaderOptions["level"]>;

const DEPTH: Readonly<Record<Level, number>> = { block: 0, line: 1, word: 2 };

/** Completes a part whose outline is null if none is stated. The outline is read at most once, and only if needed. */
export function toPart(part: Part): Part {
  const read = (): Region | null | undefined => {
    const stated = part.outline();
    return stated === null ? uniteRegions(part.parts.flatMap((part) => part.outline() ?? [])) : stated;
  };
  let known: { readonly outline: Region | null | undefined } | null = null;
  return { ...part, outline: () => (known ??= { outline: read() }).outline };
}

/**
 * Returns the parts of one level as regions. Parts that `order` does not contain come last.
 *
 * @param order The position of each id in the reading order.
 */
export function toPageRegions(
  parts: readonly Part[],
  level: Level,
  order: ReadonlyMap<string, number>,
  report: Report,
): readonly PageRegion[] {
  const found: { readonly position: number; readonly region: PageRegion }[] = [];
  const visit = (part: Part): void => {
    const { parts } = part;
    if (DEPTH[part.level] < DEPTH[level] && parts.length > 0 && parts.every((part) => part.outline() !== null)) {
      return parts.forEach(visit);
    }
    const region = part.outline(), text = part.text();
    if (region === null) report(part.element, "expected coordinates, got none");
    if (region === null || region === undefined) return;
    const id = part.ids.find((id) => order.has(id));
    const position = id === undefined ? Infinity : order.get(id) ?? Infinity;
    found.push({ position, region: text === undefined ? { region } : { region, text } });
  };
  parts.forEach(visit);
  return found
    .sort((a, b) => a.position === b.position ? 0 : a.position - b.position)
    .map(({ region }) => region);
}

/** Returns the ids of an element and of those around it, from the inside. */
export function idsOf(element: XmlElement, around: readonly string[]): readonly string[] {
  const id = attributeOf(element, "id") ?? attributeOf(element, "ID");
  return id === undefined ? around : [id, ...around];
}

/** Joins the texts that are known. Returns undefined if there are none. */
export function joinTexts(parts: readonly Part[], separator: string): string | undefined {
  const texts = parts.flatMap((part) => part.text() ?? []);
  return texts.length === 0 ? undefined : texts.join(separator);
}

/**
 * Reads a declared reading order: the position of each id. Groups are read depth first. An element that is referred to
 * twice has its first position.
 */
export function readOrder(group: XmlElement | undefined): ReadonlyMap<string, number> {
  const positions = new Map<string, number>();
  const visit = (element: XmlElement): void => {
    const id = attributeOf(element, "regionRef") ?? attributeOf(element, "REF");
    if (id !== undefined && !positions.has(id)) positions.set(id, positions.size);
    [...childrenOf(element)].sort((a, b) => indexOf(a) - indexOf(b)).forEach(visit);
  };
  if (group !== undefined) visit(group);
  return positions;
}

/** The index of an element in an ordered group of PAGE XML. Other elements stay as they are. */
function indexOf(element: XmlElement): number {
  return toNumber(attributeOf(element, "index") ?? "") ?? 0;
}
