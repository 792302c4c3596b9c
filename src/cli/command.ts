/**
 * The commands of the program, as plain values. Durations are in milliseconds.
 *
 * @module
 */
import type { DetectionSettings } from "../model/settings.ts";
import type { ReadSettings } from "../stream/read.ts";

/** One command with its options. */
export type Command = Detect | Read | Watch | Cancel | Status | Serve | Doctor | Completion | Help | Version;

/** The shells for which there is a completion script. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** A shell for which there is a completion script. */
export type Shell = typeof SHELLS[number];

/** How a command shows what it does. At most one of the two is set. */
export interface Verbosity {
  /** Whether to show nothing but results and failures. */
  readonly quiet: boolean;
  /** Whether to show every status and every failure that is retried. */
  readonly verbose: boolean;
}

/** Where results go, and as what. */
export interface Output {
  /** The folder for one file per page and format; null for standard output. */
  readonly out: string | null;
  /**
   * `json`, or names of `PAGE_FORMATS`, each at most once; at most one of them without `out`. If empty, a detection is
   * shown as a table and a reading as its text.
   */
  readonly formats: readonly string[];
  /** Whether an SVG refers to the image instead of containing it. */
  readonly link: boolean;
}

/** What the commands that send images have in common. */
export interface BatchCommand extends Verbosity, Output {
  /** Files, folders and globs, in the order of the arguments: at least one. Or only `-`, for standard input. */
  readonly paths: readonly string[];
  /** The number of images in progress at the same time, 1 or more. */
  readonly concurrency: number;
  /** The number of polls per second, greater than 0; null for the default of the service. */
  readonly rate: number | null;
  /** The time until an image is given up; null for the default of the library. */
  readonly deadline: number | null;
  /** Whether to continue from the journal in `out`. */
  readonly resume: boolean;
  /** Whether to send an image again whose task failed or is unconfirmed, which may be billed twice. Only with `resume`. */
  readonly resubmit: boolean;
  /** Whether to submit the images, print the ids of their tasks, and not to wait for the results. */
  readonly detach: boolean;
  /** Whether to leave the tasks in progress alone when the user stops the command, instead of canceling them. */
  readonly keep: boolean;
  /** Whether to use an emulator inside this process. */
  readonly emulate: boolean;
}

/** Detects the regions of images. Only settings that were given are present. */
export interface Detect extends BatchCommand {
  readonly _tag: "Detect";
  readonly settings: DetectionSettings;
}

/** Detects the regions of images and recognizes their texts. Only settings that were given are present. */
export interface Read extends BatchCommand {
  readonly _tag: "Read";
  /** With the `resultType` `Hocr`, the service returns one hOCR document for each region. */
  readonly settings: ReadSettings;
}

/** The tasks that a command is about: either ids, at least one, or those of the last submission. */
export interface Tasks {
  readonly ids: readonly string[];
  /** Whether to take the ids of the last submission; `ids` is then empty. */
  readonly last: boolean;
}

/** Waits for the regions of images that were submitted earlier. */
export interface Watch extends Tasks, Verbosity, Output {
  readonly _tag: "Watch";
  /** The file of the image, if there is one id and a format that contains the image or its size. */
  readonly image: string | null;
  /** The time until a task is given up; null for the default of the library. */
  readonly deadline: number | null;
}

/** Cancels tasks. */
export interface Cancel extends Tasks {
  readonly _tag: "Cancel";
}

/** Asks once for the status of tasks. */
export interface Status extends Tasks {
  readonly _tag: "Status";
  /** Whether to print one JSON value per task and line. */
  readonly json: boolean;
}

/** Runs the emulator. */
export interface Serve {
  readonly _tag: "Serve";
  readonly host: string;
  readonly port: number;
  /** Whether to let other machines use the emulator. */
  readonly remote: boolean;
  readonly workers: number;
  /** The minimum time that a task is Pending. */
  readonly pickupTime: number;
  /** The minimum time that a task is Processing. */
  readonly serviceTime: number;
  /** Whether to let web pages on this machine use the emulator. */
  readonly cors: boolean;
  /** Whether to log each request. */
  readonly verbose: boolean;
}

/** Finds out what the service does not document. */
export interface Doctor {
  readonly _tag: "Doctor";
  /** Whether to send without asking. */
  readonly yes: boolean;
  /** The file for a recording of the calls, or null. */
  readonly record: string | null;
  /** A recording to report on instead of sending anything (`--replay FILE`), or null. */
  readonly replay: string | null;
  /** Whether to use the trial endpoint even if there are credentials. */
  readonly trial: boolean;
  /** Whether to use an emulator inside this process. */
  readonly emulate: boolean;
  /** Whether to print the report as JSON. */
  readonly json: boolean;
}

/** Prints a script that completes the arguments of this program in a shell. */
export interface Completion {
  readonly _tag: "Completion";
  readonly shell: Shell;
}

/** Prints help. */
export interface Help {
  readonly _tag: "Help";
  /** A command or another topic, or null for an overview. */
  readonly topic: string | null;
}

/** Prints the version. */
export interface Version {
  readonly _tag: "Version";
}
