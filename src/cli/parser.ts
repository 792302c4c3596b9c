/**
 * Parses the arguments of the program.
 *
 * @module
 */
import { type Command as Definition, CommanderError } from "commander";
import * as E from "../internal/either.ts";
import { BINARIZE_IMAGE, DESKEW_IMAGE, DEWARP_IMAGE, UPSCALE_IMAGE } from "../model/preprocessing.ts";
import { isGuid } from "../model/task_kind.ts";
import type { DetectionSettings } from "../model/settings.ts";
import { PAGE_FORMATS } from "../page/formats.ts";
import type { ReadSettings } from "../stream/read.ts";
import {
  type BatchCommand,
  type Command,
  type Doctor,
  type Output,
  type Serve,
  SHELLS,
  type Tasks,
  type Verbosity,
} from "./command.ts";
import type { PREPROCESSING } from "./options.ts";
import { createProgram, PROGRAM, TOPICS } from "./program.ts";
import { choice, didYouMean, refuse } from "./values.ts";
import { listed } from "./words.ts";

/** What commander returns: an option without a default is absent unless it was given. */
type Given<A> = { readonly [K in keyof A]?: A[K] };

interface OutputValues extends Given<Pick<Output, "out" | "link">> {
  readonly format?: readonly string[];
  readonly json?: boolean;
}

type BatchValues =
  & OutputValues
  & Given<Omit<BatchCommand, "paths" | "formats" | "concurrency">>
  & Pick<BatchCommand, "concurrency">;

type ReadValues = BatchValues & Omit<ReadSettings, "preprocess"> & {
  readonly preprocess?: typeof PREPROCESSING[number];
};

interface ServeValues extends Omit<Serve, "_tag" | "remote" | "cors" | "verbose"> {
  readonly allowRemote?: boolean;
  readonly cors?: boolean;
  readonly verbose?: boolean;
}

const KINDS = { binarize: BINARIZE_IMAGE, deskew: DESKEW_IMAGE, dewarp: DEWARP_IMAGE, upscale: UPSCALE_IMAGE };

const SILENT = { writeOut() {}, writeErr() {}, outputError() {} };

/** How commander ends after options that it treats as commands. */
const HELP_DISPLAYED = "commander.helpDisplayed", VERSION_DISPLAYED = "commander.version";

/** Parses the arguments, without the program's name. Prints nothing. A Left is a sentence for the user. */
export function parse(args: readonly string[]): E.Either<string, Command> {
  const program = createProgram();
  let result: Command = { _tag: "Help", topic: null };
  /** The command in which commander ended. */
  let ended: Definition = program;
  for (const command of [program, ...program.commands]) {
    command.configureOutput(SILENT).exitOverride().showSuggestionAfterError(false);
  }
  for (const command of program.commands) command.action(() => void (result = toCommand(command)));
  program.hook("preSubcommand", (_, command) => void (ended = command));
  // Otherwise, commander ends with an error that has no message.
  if (args.length === 0) return E.right(result);
  try {
    program.parse([...args], { from: "user" });
    return E.right(result);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const name = ended === program ? null : ended.name();
    if (error.code === HELP_DISPLAYED) return E.right({ _tag: "Help", topic: name });
    if (error.code === VERSION_DISPLAYED) return E.right({ _tag: "Version" });
    return E.left(`${sentenceOf(error, ended)} Try ${name === null ? PROGRAM : `${PROGRAM} ${name}`} --help.`);
  }
}

/** The sentence for an error of commander, such as "error: unknown option '--colour'". */
function sentenceOf({ code, message }: CommanderError, command: Definition): string {
  const { args, registeredArguments, options, commands, parent } = command;
  const name = /'([^]*)'/.exec(message)?.[1] ?? "";
  switch (code) {
    case "regions.refused":
      return message;
    case "commander.optionMissingArgument": {
      const [, option, value] = /(--[\w-]+) <(\w+)>/.exec(message) ?? [];
      return `The option ${option} requires a value: ${option} ${value}.`;
    }
    case "commander.excessArguments":
      return `Unexpected argument "${args[registeredArguments.length]}".`;
    case "commander.unknownCommand":
      return `Unknown command "${name}".${didYouMean(name, commands.map((command) => command.name()))}`;
    case "commander.unknownOption": {
      const names = options.flatMap(({ short, long }) => [short ?? "", long ?? ""]).filter((flag) =>
        flag.startsWith("--")
      );
      const isPath = registeredArguments[0]?.name() === "PATH" && !name.startsWith("--");
      const advice = parent === null
        ? " Options follow the command."
        : isPath
        ? ` If that is a file, write ./${name}.`
        : didYouMean(name, names);
      return `Unknown option "${name}".${advice}`;
    }
    default:
      return `${message.replace("error: ", "").replace(/\.$/, "")}.`;
  }
}

function toCommand(command: Definition): Command {
  const { args } = command;
  switch (command.name()) {
    case "detect":
      return toDetect(args, command.opts());
    case "read":
      return toRead(args, command.opts());
    case "watch":
      return toWatch(args, command.opts());
    case "status": {
      const { last, json = false } = command.opts<{ last?: boolean; json?: boolean }>();
      return { _tag: "Status", ...toTasks(args, last), json };
    }
    case "cancel":
      return { _tag: "Cancel", ...toTasks(args, command.opts<{ last?: boolean }>().last) };
    case "serve": {
      const { allowRemote = false, cors = false, verbose = false, ...values } = command.opts<ServeValues>();
      return { _tag: "Serve", ...values, remote: allowRemote, cors, verbose };
    }
    case "doctor":
      return toDoctor(command.opts());
    case "completion":
      return args.length === 0
        ? refuse(`Missing shell. Expected ${listed(SHELLS, "or")}.`)
        : { _tag: "Completion", shell: choice("shell", SHELLS)(args[0]) };
    default:
      return { _tag: "Help", topic: args.length === 0 ? null : topicOf(command, args[0]) };
  }
}

function toDetect(args: readonly string[], values: BatchValues & DetectionSettings): Command {
  const { language, rotate, makeSkewCorrect, makeBinarization, makeContrastCorrection, makeUpsampling } = values;
  const { dsrMode, dsrConfidence } = values;
  const settings = given<DetectionSettings>({
    ...{ language, rotate, makeSkewCorrect, makeBinarization, makeContrastCorrection, makeUpsampling },
    ...{ dsrMode, dsrConfidence },
  });
  return { _tag: "Detect", ...toBatch("detect", args, values), settings };
}

function toRead(args: readonly string[], values: ReadValues): Command {
  const { language, makeSpellCheck, resultType, dsrMode, dsrConfidence, direction, preprocess } = values;
  const batch = toBatch("read", args, values);
  if (resultType === "Hocr" && batch.formats.some((format) => format !== "json")) {
    refuse("The result type hocr can be combined with --json only. For one document per page, use --format hocr.");
  }
  if (preprocess !== undefined && batch.emulate) {
    refuse("The emulator cannot prepare an image: leave out --preprocess.");
  }
  if (batch.detach && batch.out === null) {
    refuse("With read, the option --detach requires --out, since the texts are a second task, which --resume submits.");
  }
  const settings = given<ReadSettings>({
    ...{ language, makeSpellCheck, resultType, dsrMode, dsrConfidence, direction },
    preprocess: preprocess && KINDS[preprocess],
  });
  return { _tag: "Read", ...batch, settings };
}

function toBatch(name: string, paths: readonly string[], values: BatchValues): BatchCommand {
  const { concurrency, rate = null, deadline = null, resume = false, resubmit = false } = values;
  const { detach = false, keep = false, emulate = false } = values;
  if (paths.length === 0) refuse(`Missing path of an image: ${PROGRAM} ${name} PATH.`);
  if (paths.includes("")) refuse("A path must not be empty.");
  if (paths.includes("-") && paths.length > 1) refuse("The path - (standard input) must be the only one.");
  const output = toOutput(values);
  if (resume && output.out === null) refuse("The option --resume requires --out, the folder of the earlier run.");
  if (resubmit && !resume) refuse("The option --resubmit requires --resume.");
  if (detach && emulate) refuse("The option --detach has no use with --emulate: its tasks end with the program.");
  if (keep && emulate) refuse("The option --keep has no use with --emulate: its tasks end with the program.");
  if (detach && output.out === null && output.formats.length > 0) {
    refuse("With --detach, nothing but ids is printed: leave out --format, or add --out for the results of --resume.");
  }
  return {
    ...{ paths, concurrency, rate, deadline, resume, resubmit, detach, keep, emulate },
    ...output,
    ...toVerbosity(values),
  };
}

function toOutput({ out = null, format = [], json = false, link = false }: OutputValues): Output {
  const formats = [...new Set([...format, ...json ? ["json"] : []])];
  if (formats.length > 1 && out === null) refuse("Several formats require --out, the folder for their files.");
  if (link && !formats.includes("svg")) refuse("The option --link requires --format svg.");
  return { out, formats, link };
}

function toVerbosity({ quiet = false, verbose = false }: Given<Verbosity>): Verbosity {
  return quiet && verbose ? refuse("The options --quiet and --verbose cannot be combined.") : { quiet, verbose };
}

function toWatch(
  args: readonly string[],
  values: OutputValues & Given<Verbosity> & { image?: string; deadline?: number; last?: boolean },
): Command {
  const { image = null, deadline = null, last } = values;
  const tasks = toTasks(args, last);
  const output = toOutput(values);
  if (image !== null && tasks.ids.length > 1) refuse("The option --image requires a single task.");
  if (image !== null && output.formats.every((format) => format === "json")) {
    refuse("The option --image requires --format svg, or another format that refers to the image.");
  }
  const sized = PAGE_FORMATS.find(({ name, needs }) => output.formats.includes(name) && needs.includes("size"));
  if (sized !== undefined && image === null) {
    refuse(`${sized.title} contains the size of the image, which the service does not return. Add --image FILE.`);
  }
  return { _tag: "Watch", ...tasks, ...output, image, deadline, ...toVerbosity(values) };
}

function toTasks(ids: readonly string[], last = false): Tasks {
  if (last && ids.length > 0) refuse("Give either ids or --last, not both.");
  if (ids.length === 0 && !last) refuse("Missing id of a task. For those of the last submission, add --last.");
  const invalid = ids.find((id) => !isGuid(id));
  if (invalid !== undefined) {
    refuse(`"${invalid}" is not the id of a task. Expected one such as 538f7c4b-2d18-418b-b2ce-2a4593f3810e.`);
  }
  return { ids: [...new Set(ids)], last };
}

function toDoctor(values: Given<Doctor>): Command {
  const { yes = false, record = null, replay = null, trial = false, emulate = false, json = false } = values;
  if (trial && emulate) refuse("The options --trial and --emulate cannot be combined.");
  if (replay !== null && (trial || emulate || record !== null)) {
    refuse("The option --replay sends nothing, so --record, --trial and --emulate have no use with it.");
  }
  return { _tag: "Doctor", yes, record, replay, trial, emulate, json };
}

function topicOf({ parent }: Definition, text: string): string {
  return choice("topic", [...(parent?.commands ?? []).map((command) => command.name()), ...TOPICS])(text);
}

/** Without the fields that are undefined. */
function given<A extends object>(settings: A): A {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as A;
}
