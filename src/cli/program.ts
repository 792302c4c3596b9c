/**
 * The commands of the program and their options, as commander describes them. Parsing, help and completion all start
 * here.
 *
 * @module
 */
import { Argument, Command as Definition, Option } from "commander";
import { PAGE_FORMATS } from "../page/formats.ts";
import { SHELLS } from "./command.ts";
import {
  batchOptions,
  DAY,
  deadlineOption,
  detectionOptions,
  GROUPS,
  lastOption,
  outputOptions,
  readingOptions,
  verbosityOptions,
} from "./options.ts";
import { duration, path, wholeNumber, word } from "./values.ts";
import { VERSION } from "./version.ts";

/** The name of the program. */
export const PROGRAM = "ocr-regions";

/** What `help` explains apart from the commands. */
export const TOPICS = ["environment", "exit-status"] as const;

/** The formats of `read`: JSON and every file format. */
const READ_FORMATS: readonly string[] = ["json", ...PAGE_FORMATS.map(({ name }) => name)];

/** The formats of regions without texts. */
const DETECT_FORMATS: readonly string[] = [
  "json",
  ...PAGE_FORMATS.filter(({ needs }) => !needs.includes("text")).map(({ name }) => name),
];

/** Each worker is a thread whose heap grows to up to 1.9 GB. */
const MAX_WORKERS = 64;

const PATHS = "The images are files, folders with all of their subfolders, and patterns such as 'scans/*.png'; - is " +
  "standard input. A PDF, or a TIFF with several pages, is split into its pages.";

/** Creates all commands. Commander keeps what it has parsed in them, so each parsing needs new ones. */
export function createProgram(): Definition {
  const program = new Definition(PROGRAM)
    .usage("COMMAND [OPTION...] [ARGUMENT...]")
    .description("Finds the text regions of images, and their texts, with a cloud OCR service.")
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "explain the program or a command")
    .helpCommand(false);
  const add = (
    [name, summary]: readonly [name: string, summary: string],
    description: string,
    argument: Argument | null,
    options: readonly Option[],
  ): void => {
    const command = program.command(name).summary(summary).description(description);
    const isGrouped = options.some((option) => option.helpGroupHeading === GROUPS.general);
    command.addHelpOption(
      new Option("-h, --help", "explain this command").helpGroup(isGrouped ? GROUPS.general : GROUPS.options),
    );
    if (argument !== null) command.addArgument(argument);
    for (const option of options) command.addOption(option);
  };
  const paths = new Argument("[PATH...]"), ids = new Argument("[ID...]");
  add(
    ["detect", "find the text regions of images"],
    `Finds the text regions of images. ${PATHS} Each page is sent at most once.`,
    paths,
    [
      ...outputOptions(DETECT_FORMATS),
      ...detectionOptions(),
      ...batchOptions(),
    ],
  );
  add(
    ["read", "read the text of images"],
    `Finds the text regions of images, then recognizes the text of each. Both are tasks of the service. ${PATHS} ` +
      "Each page is sent at most once for each task.",
    paths,
    [...outputOptions(READ_FORMATS), ...readingOptions(), ...batchOptions()],
  );
  add(
    ["watch", "get the results of tasks that were submitted earlier"],
    "Waits for the regions of images that were submitted earlier. The service keeps a task for 24 hours. Ctrl-C stops " +
      "watching; the tasks continue.",
    ids,
    [
      lastOption(),
      ...outputOptions(DETECT_FORMATS),
      new Option("--image <FILE>", "the image of the task, which the service does not return; for a single task")
        .argParser(path("--image")).helpGroup(GROUPS.output),
      deadlineOption("give up a task after this time (5m)"),
      ...verbosityOptions(),
    ],
  );
  add(["status", "ask once how far tasks are"], "Asks for the status of each task once, and does not wait.", ids, [
    lastOption(),
    new Option("--json", "print one line of JSON for each task"),
  ]);
  add(["cancel", "cancel tasks"], "Cancels tasks that were submitted earlier.", ids, [lastOption()]);
  add(
    ["doctor", "find out what the service does not document"],
    "Finds out with a few calls how the service behaves where it is not documented, and says what that means for a " +
      "program. It states first what it will send, and asks.",
    null,
    [
      new Option("-y, --yes", "send without asking"),
      new Option("--record <FILE>", "write a recording of the calls, which the emulator can replay")
        .argParser(path("--record")),
      new Option("--replay <FILE>", "report on a recording, and send nothing").argParser(path("--replay")),
      new Option("--json", "print the report as JSON"),
      new Option("--trial", "use the trial endpoint, which needs no credentials"),
      new Option("--emulate", "use an emulator inside this process; needs no account"),
    ],
  );
  add(
    ["serve", "run an emulator of the service on this machine"],
    "Runs an emulator of the service as a server, with a detector and a recognizer that read the images. It accepts any " +
      "credentials.",
    null,
    [
      new Option("--port <N>", "the port; 0 picks a free one").argParser(wholeNumber("--port", 0, 65535)).default(8080),
      new Option("--host <HOST>", "the interface to listen on").argParser(word("--host")).default("127.0.0.1"),
      new Option("--allow-remote", "let other machines use it; required unless HOST is the loopback interface"),
      new Option("--workers <N>", "the number of images that are processed at the same time")
        .argParser(wholeNumber("--workers", 1, MAX_WORKERS)).default(1),
      // Long enough for a poll to see a task Pending and Processing.
      new Option("--pickup-time <TIME>", "the minimum time that a task is Pending")
        .argParser(duration("--pickup-time", 0, DAY)).default(700, "700ms"),
      new Option("--service-time <TIME>", "the minimum time that a task is Processing")
        .argParser(duration("--service-time", 0, DAY)).default(1200, "1200ms"),
      new Option("--cors", "let web pages on this machine use it"),
      new Option("-v, --verbose", "log each request"),
    ],
  );
  add(
    ["completion", "print a script that completes arguments in your shell"],
    "Prints a script that completes commands, options, their values and the names of files.",
    withChoices(new Argument("[SHELL]"), SHELLS),
    [],
  );
  const names = program.commands.map((command) => command.name());
  const topics = withChoices(new Argument("[TOPIC]"), [...names, ...TOPICS]);
  add(
    ["help", "explain a command, the environment or the exit statuses"],
    `Explains a command, or one of the topics ${TOPICS.join(" and ")}.`,
    topics,
    [],
  );
  return program;
}

/** Completion offers the names; the parser judges the argument. */
function withChoices(argument: Argument, names: readonly string[]): Argument {
  return argument.choices(names).argParser((text) => text);
}
