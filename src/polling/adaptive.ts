/**
 * The schedule that learns: it estimates how long tasks take from those that came before, and plans the polls that cost
 * least. A poll is a call that is paid for; a late one costs the user's time. For known service times the best plan is
 * an optimal inspection policy: R. E. Barlow, L. C. Hunter, F. Proschan, "Optimum checking procedures", Journal of the
 * SIAM 11 (1963).
 *
 * @module
 */
import * as O from "fp-ts/lib/Option.js";
import type { History, Span } from "../model/history.ts";
import { atLeast } from "../internal/check.ts";
import { jitter } from "./retry.ts";
import type { Schedule } from "./schedule.ts";

/**
 * Options for {@linkcode adaptive}.
 *
 * @category Schedules
 */
export interface AdaptiveOptions {
  /**
   * How many milliseconds of waiting one poll costs, over 0: the higher, the fewer polls, and the later they are.
   *
   * @default {1000}
   */
  readonly pollCost?: number | undefined;
  /**
   * What is known of earlier tasks.
   *
   * @default {undefined} what the service's memory holds
   */
  readonly history?: History | undefined;
  /**
   * How long a task is taken to last before there is experience: the median in milliseconds, over 0. It is no more
   * than a wide guess, and a task or two outweigh it.
   *
   * @default {3000}
   */
  readonly median?: number | undefined;
}

/** When to ask next, in milliseconds from the sending of the image, for a task that has lasted `elapsed`. */
type Plan = (elapsed: number) => number;

// Time is divided into 119 slots from 50 ms to ten minutes, each 8 % longer than the one before. Slot 0 begins at 0, and
// slot i at TIMES[i].
const FIRST = 50;
const STEP = 0.08;
const SLOTS = Math.ceil(Math.log(600_000 / FIRST) / STEP) + 1;
const TIMES: Float64Array = Float64Array.from(
  { length: SLOTS + 1 },
  (_, i) => i === 0 ? 0 : FIRST * Math.exp((i - 1) * STEP),
);

/** The guess without experience is lognormal with this deviation: two thirds lie between a median's third and triple. */
const PRIOR_SIGMA = 1;

/** It weighs as much as half a task. */
const PRIOR_WEIGHT = 0.5;

/** How far one task's time speaks for its neighbours, as a ratio, is e to the power of this; less with more tasks. */
const BANDWIDTH = 0.3;

/** Rounds of the estimate; more change next to nothing. */
const ROUNDS = 8;

/** Beyond all experience each delay is this share of the time that has passed. */
const TAIL = 0.3;

/** The delays of tasks that were sent together lie apart by so much. */
const JITTER = 0.05;

/**
 * Plans the polls of a task so that calls x `pollCost` + delay are least, given how long the last 64 tasks of the
 * service took; beyond all experience, by a geometric rule. Jitter of 5 % (± 2.5 %) comes from the task's id and the attempt, so
 * that a replay decides the same.
 *
 * @throws {RangeError} If an option is out of its range.
 *
 * @example
 * ```ts
 * import { adaptive } from "@ocr-cloud/regions";
 * import { getOrElse } from "fp-ts/lib/Option.js";
 * import { ok } from "node:assert/strict";
 *
 * const history = { version: 1, spans: Array(20).fill([4000, 4200]) } as const;
 * const delay = getOrElse(() => 0)(adaptive({ history })({ id: "1", attempt: 0, elapsed: 0, history }));
 * ok(delay > 3900 && delay < 5500);
 * ```
 *
 * @category Schedules
 */
export function adaptive(options: AdaptiveOptions = {}): Schedule {
  const { pollCost = 1000, history: known, median = 3000 } = options;
  atLeast("poll on an adaptive schedule", "pollCost", pollCost, Number.MIN_VALUE);
  atLeast("poll on an adaptive schedule", "median", median, Number.MIN_VALUE);
  const plans: WeakMap<History, Plan> = new WeakMap();
  const planFor = (history: History): Plan => {
    const made = plans.get(history) ?? cheapest(estimate(history.spans, median), pollCost);
    plans.set(history, made);
    return made;
  };
  return ({ id, attempt, elapsed, history }) => {
    const delay = Math.max(FIRST, planFor(known ?? history)(elapsed) - elapsed);
    return O.some(delay * (1 + JITTER * (jitter(id, attempt) - 0.5)));
  };
}

/**
 * The probability of each slot: the guess without experience and the tasks' spans, smoothed over neighbouring slots
 * (the EMS algorithm for interval-censored data: B. W. Silverman et al., Journal of the Royal Statistical Society B 52,
 * 1990).
 */
function estimate(spans: readonly Span[], median: number): Float64Array {
  const prior = lognormal(median);
  if (spans.length === 0) return prior;
  const kernel = gaussian(BANDWIDTH * spans.length ** -0.25);
  const ranges = spans.map(([after, before]) => {
    const from = Math.min(slotOf(after), SLOTS - 1);
    return [from, before === null ? SLOTS : Math.max(from + 1, Math.min(slotOf(before), SLOTS))] as const;
  });
  let mass = prior;
  for (let round = 0; round < ROUNDS; round++) {
    const expected = expect(ranges, mass);
    const next = prior.map((p) => PRIOR_WEIGHT * p);
    for (let i = 0; i < SLOTS; i++) {
      for (let k = 1 - kernel.length; k < kernel.length; k++) {
        next[clamp(i + k)] += expected[i] * kernel[Math.abs(k)];
      }
    }
    mass = next.map((m) => m / (PRIOR_WEIGHT + ranges.length));
  }
  return mass;
}

/** How many of the tasks are to be expected in each slot: each is spread over its span by what is known. */
function expect(ranges: readonly (readonly [number, number])[], mass: Float64Array): Float64Array {
  const below = new Float64Array(SLOTS + 1);
  for (let i = 0; i < SLOTS; i++) below[i + 1] = below[i] + mass[i];
  // Of every task's weight, what begins and what ends at a slot.
  const change = new Float64Array(SLOTS + 1);
  for (const [from, to] of ranges) {
    const weight = 1 / Math.max(below[to] - below[from], Number.MIN_VALUE);
    change[from] += weight;
    change[to] -= weight;
  }
  let weight = 0;
  return mass.map((m, i) => m * (weight += change[i]));
}

/**
 * The plan of least cost, by dynamic programming from the last slot to the first: the cost of being at a slot's
 * beginning, unfinished, is that of the next poll and of the wait until it, and of being where it is made.
 */
function cheapest(mass: Float64Array, pollCost: number): Plan {
  const done = new Float64Array(SLOTS + 1);
  const doneAt = new Float64Array(SLOTS + 1);
  for (let i = 0; i < SLOTS; i++) {
    done[i + 1] = done[i] + mass[i];
    doneAt[i + 1] = doneAt[i] + mass[i] * (TIMES[i] + TIMES[i + 1]) / 2;
  }
  const cost = new Float64Array(SLOTS + 1);
  const next = new Int32Array(SLOTS + 1);
  for (let i = SLOTS - 1; i >= 0; i--) {
    cost[i] = Infinity;
    for (let j = i + 1; j <= SLOTS; j++) {
      const wait = TIMES[j] * (done[j] - done[i]) - (doneAt[j] - doneAt[i]);
      if (wait >= cost[i]) break;
      const total = pollCost * (done[SLOTS] - done[i]) + wait + cost[j];
      if (total < cost[i]) {
        cost[i] = total;
        next[i] = j;
      }
    }
  }
  return (elapsed) => {
    const slot = slotOf(elapsed);
    const unfinished = slot < SLOTS ? done[SLOTS] - done[slot] : 0;
    return unfinished > 1e-9 ? TIMES[next[slot]] : elapsed * (1 + TAIL);
  };
}

/** The slot whose beginning is nearest. */
function slotOf(time: number): number {
  return time < FIRST / 2 ? 0 : Math.max(1, Math.min(SLOTS, 1 + Math.round(Math.log(time / FIRST) / STEP)));
}

function clamp(slot: number): number {
  return Math.max(0, Math.min(SLOTS - 1, slot));
}

/** The guess without experience: the probability of each slot, the last one's with all that is later. */
function lognormal(median: number): Float64Array {
  // The logistic curve is within 0.01 of the normal distribution's.
  const below = (time: number): number => 1 / (1 + (median / time) ** (1.702 / PRIOR_SIGMA));
  return Float64Array.from(
    { length: SLOTS },
    (_, i) => (i === SLOTS - 1 ? 1 : below(TIMES[i + 1])) - (i === 0 ? 0 : below(TIMES[i])),
  );
}

/** The right half of a bell curve over slots, its middle first; the whole of it sums to 1. */
function gaussian(sigma: number): readonly number[] {
  const half = Array.from(
    { length: 1 + Math.ceil(3 * sigma / STEP) },
    (_, k) => Math.exp(-((k * STEP / sigma) ** 2) / 2),
  );
  const sum = half.reduce((sum, weight) => sum + 2 * weight, -half[0]);
  return half.map((weight) => weight / sum);
}
