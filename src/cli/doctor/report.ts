/**
 * The report, for people and for programs.
 *
 * @module
 */
import type { Recording } from "../../emulator/recording.ts";
import { toJson } from "../result.ts";
import { count } from "../words.ts";
import type { Log } from "./log.ts";
import { QUESTIONS } from "./questions.ts";

/** The width of the report, in characters. */
const WIDTH = 100;

const INDENT = "   ";

/** The width of the words that say what a paragraph is. */
const LABEL = 10;

/**
 * Formats the answers for people.
 *
 * @param subject What was examined, such as `the service at https://api.aspose.cloud`.
 */
export function toReport(subject: string, log: Log): string {
  const findings = QUESTIONS.map(({ find }) => find(log));
  const blocks = QUESTIONS.map(({ title, sent }, i) => {
    const { seen, answer } = findings[i];
    const paragraphs = answer._tag === "Told"
      ? [paragraph("Answer", answer.text), paragraph("Meaning", answer.meaning)]
      : [paragraph("Answer", `Cannot tell. ${answer.reason}`)];
    return [`${i + 1}. ${title}`, paragraph("Sent", sent), paragraph("Seen", seen), ...paragraphs].join("\n");
  });
  const answered = findings.filter(({ answer }) => answer._tag === "Told").length;
  const summary = `About ${subject}, from ${count(log.length, "call")}, ${imagesOf(log)} with an image. ` +
    `${answered} of ${QUESTIONS.length} questions could be answered.`;
  return `${[wrap(summary, "", ""), ...blocks].join("\n\n")}\n`;
}

/** Formats the answers as JSON. */
export function toJsonReport(subject: string, log: Log): string {
  const questions = QUESTIONS.map(({ name, title, sent, find }) => {
    const { seen, answer } = find(log);
    return answer._tag === "Told"
      ? { name, title, sent, seen, answer: answer.text, meaning: answer.meaning, reason: null }
      : { name, title, sent, seen, answer: null, meaning: null, reason: answer.reason };
  });
  return toJson({ subject, calls: log.length, images: imagesOf(log), questions });
}

/** Returns the calls as a recording for the emulator. */
export function toRecording(log: Log): Recording {
  return { version: 1, exchanges: log.map(({ exchange }) => exchange) };
}

function imagesOf(log: Log): number {
  return log.filter(({ exchange }) => exchange.request.image !== null).length;
}

function paragraph(label: string, text: string): string {
  return wrap(text, INDENT + label.padEnd(LABEL), INDENT + " ".repeat(LABEL));
}

/** Breaks a text into lines at its spaces. */
function wrap(text: string, first: string, next: string): string {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(/\s+/)) {
    const isStart = line === first || line === next;
    if (!isStart && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = next + word;
    } else line += isStart ? word : ` ${word}`;
  }
  return [...lines, line].join("\n");
}
