import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { createTerminal, type Terminal } from "../../src/cli/terminal.ts";
import { cutTo, padTo, widthOf } from "../../src/cli/width.ts";
import { screenOf } from "./screen.ts";

/** A terminal on both streams, and what is on its screen. */
function terminalOf(size: { columns: number; rows: number }): { terminal: Terminal; screen: () => readonly string[] } {
  let written = "";
  const write = (text: string): void => void (written += text);
  const stderr = {
    write,
    isTTY: true,
    get columns() {
      return size.columns;
    },
    rows: size.rows,
  };
  const terminal = createTerminal({
    env: {},
    stdout: { write, isTTY: true },
    stderr,
    signal: new AbortController().signal,
  });
  return { terminal, screen: () => screenOf(written) };
}

Deno.test("the terminal keeps its live lines below what is said and printed", async () => {
  const { terminal, screen } = terminalOf({ columns: 20, rows: 10 });
  terminal.draw(["one", "two"]);
  await terminal.say("said");
  await terminal.print("printed\n");
  terminal.draw(["three"]);
  await terminal.say("again");
  deepEqual(screen(), ["said", "printed", "again", "three"]);
  terminal.draw([]);
  await terminal.say("end");
  deepEqual(screen(), ["said", "printed", "again", "end", ""]);
});

Deno.test("the terminal draws nothing while a text is printed", async () => {
  const { terminal, screen } = terminalOf({ columns: 20, rows: 10 });
  terminal.draw(["one"]);
  const printed = terminal.print("printed\n");
  terminal.draw(["two"]);
  await printed;
  await terminal.say("said");
  deepEqual(screen(), ["printed", "said", "two"]);
});

Deno.test("the terminal cuts live lines to its width and shows only as many as fit", async () => {
  const { terminal, screen } = terminalOf({ columns: 8, rows: 3 });
  terminal.draw(["hidden", "123456789", "漢字漢字漢字"]);
  await terminal.say("said");
  deepEqual(screen(), ["said", "123456…", "漢字漢…"]);
  ok(screen().every((line) => widthOf(line) < 8));
});

Deno.test("the terminal removes live lines that were wrapped when it became narrower", async () => {
  const size = { columns: 20, rows: 10 };
  let written = "";
  const terminal = createTerminal({
    env: {},
    stdout: { write: () => {} },
    stderr: {
      write: (text) => void (written = text),
      isTTY: true,
      get columns() {
        return size.columns;
      },
    },
    signal: new AbortController().signal,
  });
  terminal.draw(["0123456789", "0123456789"]);
  size.columns = 6;
  await terminal.say("x");
  // Each line now takes two rows.
  ok(written.startsWith("\r\x1b[3A\x1b[Jx\n"), JSON.stringify(written));
});

Deno.test("live lines cannot control the terminal", async () => {
  const { terminal, screen } = terminalOf({ columns: 40, rows: 10 });
  terminal.draw(["\x1b[2Jname\n\r\u202e.jpg"]);
  await terminal.say("said");
  deepEqual(screen(), ["said", "\uFFFD[2Jname  \uFFFD.jpg"]);
});

Deno.test("cutTo() never exceeds the width, and splits no character", () => {
  equal(cutTo(5, "abcdef"), "abcd…");
  equal(cutTo(5, "scans/abc", "end"), "…/abc");
  equal(cutTo(4, "漢字漢字"), "漢…");
  equal(cutTo(3, "👩‍👩‍👧‍👦👩‍👩‍👧‍👦"), "👩‍👩‍👧‍👦…");
  equal(cutTo(3, "ééé".normalize("NFD")), "ééé".normalize("NFD"));
  deepEqual([cutTo(1, "abc"), cutTo(0, "abc"), cutTo(3, "abc")], ["…", "", "abc"]);
  equal(padTo(5, "漢"), "漢   ");
});
