/**
 * Results as text: a table for people, JSON for programs.
 *
 * @module
 */
import type { Region } from "../model/region.ts";

/** The regions as a table: one line each, numbered from 1. Empty if there are none. */
export function toTable(regions: readonly Region[]): string {
  if (regions.length === 0) return "";
  const rows = [
    ["#", "left", "top", "right", "bottom"],
    ...regions.map(({ left, top, right, bottom }, i) => [i + 1, left, top, right, bottom].map(String)),
  ];
  const widths = rows[0].map((_, column) => rows.reduce((width, row) => Math.max(width, row[column].length), 0));
  return rows.map((row) => row.map((cell, column) => cell.padStart(widths[column])).join("  ") + "\n").join("");
}

/** JSON in which `printable()` finds nothing to replace: it is as safe to show as it is lossless. */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value, null, 2).replace(
    /(?!\n)[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${text}\n`;
}
