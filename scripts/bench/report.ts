/** What a part of the bench found, as tables for the terminal and for Markdown. */

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A figure beside its bar. */
export interface Bar {
  readonly figure: string;
  readonly bar: string;
  readonly value: string;
  readonly met: boolean;
}

export interface Part {
  readonly title: string;
  /** How it was measured, and under which assumptions: Markdown. */
  readonly method: string;
  readonly tables: readonly Table[];
  /** The figures that the report begins with. */
  readonly goals?: readonly Bar[];
  /** All others with a bar. */
  readonly bars: readonly Bar[];
}

/** A figure that must be at most so much. */
export function atMost(figure: string, limit: number, value: number, show: (value: number) => string): Bar {
  return { figure, bar: `<= ${limit}`, value: show(value), met: value <= limit };
}

/** A figure that must be at most so much in every runtime. */
export function allAtMost(
  figure: string,
  limit: number,
  values: ReadonlyMap<string, number>,
  show: (value: number) => string,
): Bar {
  const value = [...values].map(([runtime, value]) => `${runtime} ${show(value)}`).join(", ");
  return { figure, bar: `<= ${limit}`, value, met: [...values.values()].every((value) => value <= limit) };
}

export function toMarkdown({ title, method, tables }: Part): string {
  return [`## ${title}`, method, ...tables.map((table) => `### ${table.title}\n${toRows(table)}`)].join("\n\n");
}

export function barsToMarkdown(bars: readonly Bar[]): string {
  return toRows({
    title: "",
    columns: ["figure", "bar", "measured", ""],
    rows: bars.map(({ figure, bar, value, met }) => [figure, bar, value, met ? "met" : "**missed**"]),
  });
}

/** A Markdown table with aligned columns, which a terminal shows well, too. */
export function toRows({ columns, rows }: Table): string {
  const widths = columns.map((name, i) => Math.max(3, name.length, ...rows.map((row) => row[i].length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join(" | ")} |`;
  const rule = widths.map((width, i) => i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`);
  return [line(columns), line(rule), ...rows.map(line)].join("\n");
}
