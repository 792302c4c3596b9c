/**
 * Everything that the doctor finds out.
 *
 * @module
 */
import type { Question } from "./answer.ts";
import { FRAME_QUESTIONS } from "./frame_questions.ts";
import { RESULT_QUESTIONS } from "./result_questions.ts";
import { TASK_QUESTIONS } from "./task_questions.ts";

/** The questions, in the order of the report. Each is answered from the log of a run, or cannot be. */
export const QUESTIONS: readonly Question[] = [...TASK_QUESTIONS, ...FRAME_QUESTIONS, ...RESULT_QUESTIONS];
