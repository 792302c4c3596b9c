/**
 * The texts of `--help`.
 *
 * @module
 */
import type { Command, Option } from "commander";
import type { Paint } from "./colors.ts";
import { createProgram, PROGRAM } from "./program.ts";

/** An example: what it is for, and the command. */
type Example = readonly [purpose: string, command: string];

const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  detect: [
    ["Try it without an account", "ocr-regions detect page.jpg --emulate"],
    ["A folder: draw the regions, and keep them as JSON", "ocr-regions detect scans --out regions --format svg,json"],
    ["Continue after a crash, or after Ctrl-C", "ocr-regions detect scans --out regions --format svg,json --resume"],
    ["Submit now, and get the results later", "ocr-regions detect scans --detach && ocr-regions watch --last"],
    ["Use it in a pipe", "curl -s https://example.com/page.png | ocr-regions detect - --json | jq .regions"],
  ],
  read: [
    ["Try it without an account", "ocr-regions read page.jpg --emulate"],
    ["A folder of German scans, as PAGE XML", "ocr-regions read scans --language german --out texts --format page"],
    ["A photographed page, straightened first", "ocr-regions read photo.jpg --preprocess dewarp"],
    ["Two polls per second at most, ten minutes per image", "ocr-regions read scans -o texts --rate 2 --deadline 10m"],
  ],
  watch: [
    ["The tasks of the last submission", "ocr-regions watch --last --json"],
    ["Draw the regions over the image", "ocr-regions watch ID --format svg --image page.jpg > page.svg"],
  ],
  status: [
    ["The tasks of the last submission", "ocr-regions status --last"],
    ["For a script", "ocr-regions status ID ID --json | jq -r ._tag"],
  ],
  cancel: [["The tasks of the last submission", "ocr-regions cancel --last"]],
  doctor: [
    ["Without an account", "ocr-regions doctor --trial"],
    ["Keep what the service answered, for tests", "ocr-regions doctor --record service.json"],
  ],
  serve: [
    ["A slow service, to watch a program wait", "ocr-regions serve --pickup-time 5s --service-time 10s --verbose"],
  ],
  completion: [
    ["Bash, in ~/.bashrc", `eval "$(ocr-regions completion bash)"`],
    ["Zsh, in ~/.zshrc after compinit", `eval "$(ocr-regions completion zsh)"`],
    ["Fish", "ocr-regions completion fish > ~/.config/fish/completions/ocr-regions.fish"],
  ],
  help: [],
};

const TOPIC_TEXTS: Readonly<Record<string, string>> = {
  "environment": `Environment variables:
  OCR_CLIENT_ID, OCR_CLIENT_SECRET  the credentials of your application
  OCR_BASE_URL                      another address of the service, such as an emulator's
  OCR_ALLOW_HTTP=1                  accept plain http for an address that is not on this machine
  NO_COLOR=1, FORCE_COLOR=1         never or always use colors; otherwise, a terminal gets them
  TERM=dumb                         print plain lines instead of updating some, and no colors
  XDG_STATE_HOME                    the folder for the ids of --last (~/.local/state; on Windows, LOCALAPPDATA)
`,
  "exit-status": `Exit status:
  0    everything completed (or was canceled, for cancel), and all output was written
  1    something failed, or some output could not be written
  2    nothing was sent: invalid arguments, no readable image, or a missing setting or permission
  130  stopped by Ctrl-C, SIGTERM or closing the terminal
`,
};

/** How to show help. */
export interface HelpStyle {
  /** The columns of the terminal. */
  readonly columns: number;
  /** Styles headings. */
  readonly heading: Paint;
}

/** Explains a command or a topic, or gives an overview if `topic` is null. */
export function helpOf(topic: string | null, { columns, heading }: HelpStyle): string {
  const text = TOPIC_TEXTS[topic ?? ""];
  if (text !== undefined) return text.replace(/^.*:$/m, heading);
  const program = createProgram();
  const command = program.commands.find((command) => command.name() === topic) ?? program;
  const help = command
    .configureOutput({ getOutHelpWidth: () => columns, getOutHasColors: () => true })
    .configureHelp({ styleTitle: heading, optionDescription, subcommandTerm, commandUsage })
    .helpInformation();
  if (command === program) {
    return `${help}
To try it without an account:
    $ ${PROGRAM} detect IMAGE --emulate
`;
  }
  const examples = EXAMPLES[command.name()].map(([purpose, line]) => `  ${purpose}:\n    $ ${line}\n`);
  return examples.length === 0 ? help : `${help}\n${heading("Examples:")}\n${examples.join("")}`;
}

function subcommandTerm(command: Command): string {
  return [command.name(), ...argumentsOf(command)].join(" ");
}

function commandUsage(command: Command): string {
  return command.parent === null
    ? `${PROGRAM} ${command.usage()}`
    : [PROGRAM, command.name(), "[OPTION...]", ...argumentsOf(command)].join(" ");
}

function argumentsOf({ registeredArguments }: Command): readonly string[] {
  return registeredArguments.map((argument) => `${argument.name()}${argument.variadic ? "..." : ""}`);
}

function optionDescription({ description, defaultValue, defaultValueDescription }: Option): string {
  const shown = defaultValueDescription ?? defaultValue;
  return shown === undefined ? description : `${description} (${shown})`;
}
