/**
 * Formats results: as a table for people, as JSON for programs.
 *
 * @module
 */
import type { Region } from "../model/region.ts";

/** Formats regions as a table with one line per region, numbered from 1. Empty if there are no regions. */
export function toTable(regions: readonly Region[]): string {
  if (regions.length === 0) return "";
  const rows = [
    ["#", "left", "top", "right", "bottom"],
    ...regions.map(({ left, top, right, bottom }, i) => [i + 1, left, top, right, bottom].map(String)),
  ];
  const widths = rows[0].map((_, column) => rows.reduce((width, row) => Math.max(width, row[column].length), 0));
  return rows.map((row) => row.map((cell, column) => cell.padStart(widths[column])).join("  ") + "\n").join("");
}

/** Formats JSON with all control characters escaped, so that `printable()` does not change it. */
export function toJson(value: unknown): string {
  return `${escapeControls(JSON.stringify(value, null, 2))}\n`;
}

/** Formats JSON on one line, with all control characters escaped. */
export function toJsonLine(value: unknown): string {
  return `${escapeControls(JSON.stringify(value))}\n`;
}

function escapeControls(json: string): string {
  return json.replace(
    /(?!\n)[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
