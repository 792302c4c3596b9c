/**
 * The width of texts on a terminal, where wide characters and emoji take two columns.
 *
 * @module
 */
import stringWidth from "string-width";

/** The number of columns that a printable text takes. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** Cuts a printable text to `width` columns. Keeps its start, or its end, which says more about a path. */
export function cutTo(width: number, text: string, keep: "start" | "end" = "start"): string {
  if (widthOf(text) <= width) return text;
  const clusters = Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
  const ordered = keep === "start" ? clusters : clusters.reverse();
  const kept: string[] = [];
  let room = width - 1;
  for (const cluster of ordered) {
    room -= widthOf(cluster);
    if (room < 0) break;
    kept.push(cluster);
  }
  if (width < 1) return "";
  return keep === "start" ? `${kept.join("")}…` : `…${kept.reverse().join("")}`;
}

/** Pads a printable text to `width` columns. */
export function padTo(width: number, text: string): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}
