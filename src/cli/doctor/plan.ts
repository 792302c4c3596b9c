/**
 * What the doctor sends.
 *
 * @module
 */
import type * as t from "io-ts";
import * as E from "../../internal/either.ts";
import { cancelTask, fetchTask, submitTask } from "../../client/operations.ts";
import type { Service } from "../../client/service.ts";
import type { Result } from "../../model/response.ts";
import { toRecognitionRegions } from "../../model/region.ts";
import { type DetectionSettings, toWireSettings } from "../../model/settings.ts";
import type { TaskKind, TaskRequest } from "../../model/task_kind.ts";
import { callsOf, isFinal, readEnvelope, type StepName } from "./log.ts";
import { drawPage, WORDS } from "./page.ts";
import type { Clock, Recorder } from "./recorder.ts";
import { createCodec, success } from "../../model/type.ts";

/** One task. */
export interface Step {
  readonly name: StepName;
  /** The name of the kind of task in the service. */
  readonly kind: "DetectRegions" | "RecognizeRegions" | "RecognizeImageTrial";
  /** Whether the page is turned. */
  readonly isTurned: boolean;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The tasks of a run, and what is asked in addition. */
export interface Plan {
  readonly steps: readonly Step[];
  /** The kind of the requests without a task of their own. */
  readonly kind: Step["kind"];
  /** Whether the plan has a token, which `GetTaskStatus` needs. */
  readonly hasToken: boolean;
}

/** What a plan is run with. */
export interface Session {
  readonly service: Service;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called before each step, with its number from 1. */
  readonly onStep: (number: number) => void;
}

/** The pauses before the polls of a task, in milliseconds. The first one follows the submission at once. */
const PAUSES = [0, 1000, 3000, 8000, 16_000];

/** A page that a detector of lines may straighten, and nothing else. */
const OFF: DetectionSettings = { makeSkewCorrect: false, makeContrastCorrection: false, dsrMode: "LineDetector" };

/** The angle of the rotated step, in degrees: small enough for any detector to find the words afterwards. */
export const ROTATION = 10;

/** Recognition needs some white around a word. In pixels. */
const MARGIN = 20;

/** The words whose texts are recognized, in the order in which they are sent, with the `order` of each. */
export const ORDERED = [
  { word: WORDS[0], order: 2 },
  { word: WORDS[3], order: 0 },
  { word: WORDS[6], order: 1 },
];

const DETECTION: Plan = {
  kind: "DetectRegions",
  hasToken: true,
  steps: [
    detection("plain", false, {}),
    detection("skewed", true, {}),
    detection("deskewed", true, { makeSkewCorrect: true }),
    detection("rotated", false, { rotate: ROTATION }),
    detection("upsampled", false, { makeUpsampling: true }),
    detection("polygon", true, { dsrMode: "PolygonalTextDetector" }),
    { name: "ordered", kind: "RecognizeRegions", isTurned: false, settings: toOrderedSettings() },
  ],
};

const TRIAL: Plan = {
  kind: "RecognizeImageTrial",
  hasToken: false,
  steps: [
    trial("text", false, {}, "Text"),
    trial("hocr", false, {}, "TextAndHocr"),
    trial("json", false, {}, "JSON"),
    trial("hocr-deskewed", true, { makeSkewCorrect: true }, "Hocr"),
    trial("hocr-rotated", false, { rotate: ROTATION }, "Hocr"),
  ],
};

/** Returns the plan of a run: with the user's credentials, or with the trial endpoint, which needs none. */
export function planOf(isTrial: boolean): Plan {
  return isTrial ? TRIAL : DETECTION;
}

/** Returns the most calls that a plan makes. */
export function maxCallsOf({ steps, hasToken }: Plan): number {
  const token = hasToken ? 1 : 0;
  const unknown = hasToken ? 2 : 1;
  const later = hasToken ? 4 : 3;
  return token + unknown + steps.length * (1 + PAUSES.length) + later;
}

/**
 * Runs a plan. What comes of it is in the log of the recorder. Never rejects. Two submissions in a row without the id
 * of a task end it, since the others would most likely fail as well. So does the signal: then nothing is sent.
 */
export async function runPlan(plan: Plan, session: Session): Promise<void> {
  const { service, recorder, signal } = session;
  const pages = { upright: drawPage(false), turned: drawPage(true) };
  recorder.begin("unknown");
  await fetchTask(anyKind(plan.kind), UNKNOWN)(service, { signal })();
  if (plan.hasToken) await fetchTask(STATUS, UNKNOWN)(service, { signal })();
  let failures = 0;
  for (const [index, step] of plan.steps.entries()) {
    if (failures === 2) return;
    session.onStep(index + 1);
    recorder.begin(step.name);
    const id = await runTask(step, step.isTurned ? pages.turned : pages.upright, session);
    failures = id === null ? failures + 1 : 0;
    const isOver = isFinal(lastEnvelope(session, step.name));
    if (index === 0 && id !== null && isOver) await askAgain(plan, id, session);
  }
}

/** The id of no task. */
export const UNKNOWN = "ffffffff-ffff-4fff-8fff-ffffffffffff";

/** Any results: the questions read the log. */
const ANY: t.Decoder<readonly Result[], object> = createCodec<object, readonly Result[], readonly Result[]>(
  "Any",
  (_): _ is object => true,
  () => success({}),
  () => [],
);

const STATUS = { name: "GetTaskStatus", path: "/v5.0/ocr/Utilities/GetTaskStatus", output: ANY };

/** A kind of task whose ids may have any form. */
function anyKind(name: Step["kind"]): TaskKind<TaskRequest, object> {
  return { name, path: `/v5.0/ocr/${name}`, output: ANY, encode: (request) => request };
}

/** Submits a task and polls it until it has ended. Resolves to its id, or to null if there is none. */
async function runTask({ name, kind, settings }: Step, image: Uint8Array, session: Session): Promise<string | null> {
  const { service, clock, signal } = session;
  const id = await submitTask(anyKind(kind), { image, settings })(service, { signal })();
  if (E.isLeft(id)) return null;
  for (const pause of PAUSES) {
    if (pause > 0 && !await clock.sleep(pause, signal)) break;
    await fetchTask(anyKind(kind), id.right)(service, { signal })();
    if (isFinal(lastEnvelope(session, name))) break;
  }
  return id.right;
}

/** What is asked about a task that has ended: the same again, its status, and whether it can be deleted. */
async function askAgain({ kind, hasToken }: Plan, id: string, { service, signal }: Session): Promise<void> {
  const fetch = fetchTask(anyKind(kind), id)(service, { signal });
  await fetch();
  if (hasToken) await fetchTask(STATUS, id)(service, { signal })();
  await cancelTask(id, anyKind(kind))(service, { signal })();
  await fetch();
}

function lastEnvelope({ recorder }: Session, step: StepName) {
  const calls = callsOf(recorder.log(), step);
  return calls.length === 0 ? null : readEnvelope(calls[calls.length - 1]);
}

function detection(name: StepName, isTurned: boolean, settings: DetectionSettings): Step {
  return { name, kind: "DetectRegions", isTurned, settings: { ...toWireSettings({ ...OFF, ...settings }) } };
}

function trial(name: StepName, isTurned: boolean, settings: DetectionSettings, resultType: string): Step {
  const wire = { ...toWireSettings({ ...OFF, ...settings }), makeSpellCheck: false, resultType };
  return { name, kind: "RecognizeImageTrial", isTurned, settings: wire };
}

function toOrderedSettings(): Step["settings"] {
  const regions = toRecognitionRegions(ORDERED.map(({ word: { box } }) => ({
    left: box.left - MARGIN,
    top: box.top - MARGIN,
    right: box.right + MARGIN,
    bottom: box.bottom + MARGIN,
  })));
  return {
    ...toWireSettings(OFF),
    makeSpellCheck: false,
    resultType: "Text",
    regions: regions.map(({ rect }, i) => ({ rect, order: ORDERED[i].order })),
  };
}
