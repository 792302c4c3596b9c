import * as E from "fp-ts/lib/Either.js";
import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal } from "node:assert/strict";
import { helpOf } from "../../src/cli/help.ts";
import { parse } from "../../src/cli/parser.ts";
import { createProgram, TOPICS } from "../../src/cli/program.ts";
import { VERSION } from "../../src/cli/version.ts";
import config from "../../deno.json" with { type: "json" };
import { ID } from "./run.ts";

const PLAIN = { columns: 80, heading: (text: string) => text };
const COMMANDS = createProgram().commands.map((command) => command.name());

Deno.test("the overview fits on a screen, and names each command", () => {
  const lines = helpOf(null, PLAIN).split("\n");
  ok(lines.length <= 25, `${lines.length} lines`);
  for (const name of COMMANDS) ok(lines.some((line) => RegExp(`^  ${name} .+`).test(line)), name);
});

Deno.test("no line of help is wider than the terminal", () => {
  for (const columns of [75, 80, 100]) {
    for (const topic of [null, ...COMMANDS]) {
      // An example is a command, which must not be broken.
      const lines = helpOf(topic, { ...PLAIN, columns }).split("\n").filter((line) => !line.startsWith("    $ "));
      deepEqual(lines.filter((line) => line.length > columns), [], `${topic} in ${columns} columns`);
    }
  }
});

Deno.test("every command but help has examples, and the parser accepts each", () => {
  for (const name of COMMANDS.filter((name) => name !== "help")) {
    const [, examples = ""] = helpOf(name, PLAIN).split("\nExamples:\n");
    const commands = [...examples.matchAll(/\bocr-regions ([^|>&)\n]*)/g)].map(([, words]) => words.trim().split(" "));
    ok(commands.length > 0, name);
    for (const words of commands.filter(([first]) => COMMANDS.includes(first))) {
      const command = parse(words.map((word) => word === "ID" ? ID : word));
      ok(E.isRight(command), E.isLeft(command) ? command.left : "");
    }
  }
});

Deno.test("help explains each option of each command in words", () => {
  for (const command of createProgram().commands) {
    for (const { long, description, hidden } of command.options) {
      if (hidden) continue;
      const help = helpOf(command.name(), { ...PLAIN, columns: 1000 });
      match(help, RegExp(`^  .*${long}\\b.*  ${description.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`, "m"));
    }
  }
});

Deno.test("the guides explain each option of each command", async () => {
  const guides = ["command-line", "emulator", "doctor"].map((name) => Deno.readTextFile(`docs/${name}.md`));
  const text = (await Promise.all(guides)).join("\n");
  for (const command of createProgram().commands) {
    for (const { long, hidden } of command.options) {
      ok(hidden || RegExp(`\`[^\`\n]*${long}\\b`).test(text), `${command.name()} ${long}`);
    }
  }
});

Deno.test("help names its topics, and how often detect and read send a page", () => {
  for (const topic of TOPICS) match(helpOf("help", PLAIN), RegExp(`\\b${topic}\\b`));
  match(helpOf("detect", PLAIN), /sent\s+at\s+most\s+once\.\n/);
  match(helpOf("read", PLAIN), /sent\s+at\s+most\s+once\s+for\s+each\s+task\.\n/);
});

Deno.test("help explains the environment and the exit statuses", () => {
  const [environment, statuses] = TOPICS.map((topic) => helpOf(topic, PLAIN));
  for (const name of ["OCR_CLIENT_ID", "OCR_BASE_URL", "NO_COLOR", "FORCE_COLOR"]) ok(environment.includes(name), name);
  deepEqual([...statuses.matchAll(/^ {2}(\d+) /gm)].map(([, status]) => status), ["0", "1", "2", "130"]);
});

Deno.test("headings are styled, and nothing else", () => {
  const styled = helpOf("status", { columns: 80, heading: (text) => `<${text}>` });
  deepEqual(styled.match(/<.*>/g), ["<Usage:>", "<Options:>", "<Examples:>"]);
});

Deno.test("the version is that of deno.json", () => equal(VERSION, config.version));
