/**
 * The command `doctor`: finds out what the service does where its documentation says nothing.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import * as E from "../../internal/either.ts";
import { connect, type Service } from "../../client/service.ts";
import { emulate, Recording } from "../../emulator/emulator.ts";
import { parseJson } from "../../internal/json.ts";
import { explain } from "../../model/codec.ts";
import { describe } from "../../model/describe.ts";
import type { Doctor } from "../command.ts";
import { connectAs } from "../connection.ts";
import { attempt, checkTarget, type Target } from "../files.ts";
import type { Io } from "../io.ts";
import { startEmulator } from "../local_emulator.ts";
import { FAILED, NOTHING_SENT, refuse, STOPPED } from "../status.ts";
import type { Terminal } from "../terminal.ts";
import { CLOCK, createReplayClock, type Examination, examine, type Examined } from "./examine.ts";
import { isFinal, readEnvelope } from "./log.ts";
import { maxCallsOf, planOf } from "./plan.ts";
import { toJsonReport, toRecording, toReport } from "./report.ts";

/** What to examine, ready to be used. */
interface Subject extends Omit<Examination, "signal" | "onStep"> {
  /** What it is, for the report: `the service at https://api.aspose.cloud`. */
  readonly name: string;
  /** Whether calls leave this process, so that the user must agree to them. */
  readonly isRemote: boolean;
  readonly close: () => Promise<void>;
}

/** The emulator and a recording accept any credentials. */
const LOCAL_CREDENTIALS = { clientId: "doctor", clientSecret: "doctor" };

/** Long enough that the first GET comes before the end of a task. */
const EMULATOR = { workers: 1, pickupTime: 100, serviceTime: 300 };

/** A shorter client id may be in any text by chance. */
const MIN_SECRET_ID = 8;

/** Runs the command. Resolves to the exit status. */
export async function runDoctor(command: Doctor, io: Io, terminal: Terminal): Promise<number> {
  const target = command.record === null ? E.right(null) : await checkTarget("recording", command.record, null);
  if (E.isLeft(target)) return await refuse(terminal, target.left);
  const subject = await open(command, io, terminal);
  if (E.isLeft(subject)) return await refuse(terminal, subject.left);
  const { isRemote, credentials, service, close } = subject.right;
  try {
    if (isRemote && !await isAgreed(command, credentials === null, service, io, terminal)) {
      return io.signal.aborted ? STOPPED : NOTHING_SENT;
    }
    const { steps } = planOf(credentials === null);
    const onStep = (number: number): void => terminal.draw([`Task ${number} of ${steps.length} …`]);
    const examined = await examine({ ...subject.right, signal: io.signal, onStep });
    terminal.draw([]);
    return await conclude(examined, subject.right.name, command, target.right, io, terminal);
  } finally {
    await close();
  }
}

/** Opens what is to be examined. A Left is a sentence for the user. */
async function open(command: Doctor, io: Io, terminal: Terminal): Promise<E.Either<string, Subject>> {
  if (command.replay !== null) return await openRecording(command.replay);
  if (command.emulate) return await openEmulator();
  // With --trial, the program may not be permitted to read them.
  const { OCR_CLIENT_ID: clientId = "", OCR_CLIENT_SECRET: clientSecret = "" } = command.trial ? {} : io.env;
  const isTrial = command.trial || clientId === "" || clientSecret === "";
  // The trial endpoint gets none, but the address is checked as if it did.
  const credentials = isTrial ? { clientId: "none", clientSecret: "none" } : { clientId, clientSecret };
  const service = await connectAs(credentials, io, terminal, () => {});
  if (E.isLeft(service)) return service;
  if (isTrial && !command.trial) {
    terminal.say(
      "OCR_CLIENT_ID and OCR_CLIENT_SECRET are not set, so this uses the trial endpoint, which needs no account.",
    );
  }
  return E.right({
    name: `the ${isTrial ? "trial endpoint" : "service"} at ${service.right.baseUrl}`,
    isRemote: true,
    service: service.right,
    credentials: isTrial ? null : credentials,
    secrets: isTrial ? [] : [clientSecret, ...clientId.length < MIN_SECRET_ID ? [] : [clientId]],
    clock: CLOCK,
    close: () => Promise.resolve(),
  });
}

async function openEmulator(): Promise<E.Either<string, Subject>> {
  const emulator = await startEmulator(EMULATOR);
  if (E.isLeft(emulator)) return emulator;
  const { fetch, close } = emulator.right;
  return E.right({
    name: "the emulator in this program, which is not the service",
    isRemote: false,
    service: connect({ credentials: LOCAL_CREDENTIALS, fetch }),
    credentials: LOCAL_CREDENTIALS,
    secrets: [],
    clock: CLOCK,
    close,
  });
}

async function openRecording(file: string): Promise<E.Either<string, Subject>> {
  let text = "";
  const read = await attempt(async () => void (text = await readFile(file, "utf8")));
  if (E.isLeft(read)) return E.left(`Cannot read the recording ${file}: ${read.left}.`);
  const json = parseJson(text);
  const recording = Recording.decode(json);
  if (E.isLeft(recording)) {
    const [why] = json === undefined ? ["it is not JSON"] : explain(recording.left);
    return E.left(`Cannot read the recording ${file}: ${why}.`);
  }
  const clock = createReplayClock();
  const isTrial = recording.right.exchanges.some(({ request }) => request.path.includes("Trial"));
  return E.right({
    name: `the recording ${file}`,
    isRemote: false,
    service: connect({
      credentials: LOCAL_CREDENTIALS,
      fetch: emulate({ recording: recording.right, wait: clock.advance }),
    }),
    credentials: isTrial ? null : LOCAL_CREDENTIALS,
    secrets: [],
    clock,
    close: () => Promise.resolve(),
  });
}

/** States what will be sent, and whether the user agrees. Otherwise, says so. */
async function isAgreed(
  { yes }: Doctor,
  isTrial: boolean,
  { baseUrl }: Service,
  { confirm }: Io,
  terminal: Terminal,
): Promise<boolean> {
  const plan = planOf(isTrial);
  await terminal.say(
    `This sends at most ${
      maxCallsOf(plan)
    } calls to ${baseUrl}, ${plan.steps.length} of them with an image, and takes ` +
      "at most a few minutes. The images are drawn by this program: a white page with seven words. " +
      (isTrial
        ? "The trial endpoint needs no account, so nothing can be billed."
        : "The service may bill these calls as it does any others."),
  );
  if (yes) return true;
  if (confirm === undefined) {
    await terminal.say("Nothing was sent, since there is no terminal to ask on. To agree in advance, add --yes.");
    return false;
  }
  if (await confirm("Send them? [y/N] ")) return true;
  await terminal.say("Nothing was sent.");
  return false;
}

/** Writes the recording and the report. Resolves to the exit status. */
async function conclude(
  { log, refusal }: Examined,
  name: string,
  { record, json }: Doctor,
  target: Target | null,
  { signal }: Io,
  terminal: Terminal,
): Promise<number> {
  let isWritten = true;
  if (target !== null) {
    const written = await target.write(`${JSON.stringify(toRecording(log), null, 2)}\n`);
    isWritten = E.isRight(written);
    await terminal.say(
      E.isRight(written) ? `The recording is in ${record}.` : `Cannot write the recording ${record}: ${written.left}.`,
    );
  }
  if (refusal !== null) {
    await terminal.say(describe(refusal));
  } else {
    const printed = await terminal.print(json ? toJsonReport(name, log) : toReport(name, log));
    isWritten &&= E.isRight(printed);
  }
  if (signal.aborted) {
    await terminal.say(`Stopped after ${log.length} calls.`);
    return STOPPED;
  }
  return isWritten && log.some(({ exchange }) => isFinal(readEnvelope(exchange))) ? 0 : FAILED;
}
