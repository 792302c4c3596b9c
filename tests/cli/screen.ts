/** What is on the screen of a terminal of unlimited width after the text was written to it. */
export function screenOf(written: string): readonly string[] {
  const lines = [""];
  let row = 0, column = 0;
  // deno-lint-ignore no-control-regex -- escape sequences
  for (const [part] of written.matchAll(/\x1b\[(\d*)[AJK]|\r|\n|[^\x1b\r\n]+/g)) {
    if (part === "\r") column = 0;
    else if (part === "\n") lines[++row] ??= "", column = 0;
    else if (part.endsWith("A") && part.startsWith("\x1b")) row -= Number(part.slice(2, -1));
    else if (part === "\x1b[J") lines.splice(row, Infinity, lines[row].slice(0, column));
    else if (part.startsWith("\x1b")) lines[row] = "";
    else {
      lines[row] = lines[row].slice(0, column).padEnd(column) + part + lines[row].slice(column + part.length);
      column += part.length;
    }
  }
  return lines;
}
