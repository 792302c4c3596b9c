/**
 * A schedule that learns: it estimates how long tasks take from the durations of earlier tasks, and plans polls to
 * minimize their cost. Each poll has a cost, and so has each millisecond of delay. If the distribution of durations is
 * known, the best plan is an optimal inspection policy: R. E. Barlow, L. C. Hunter, F. Proschan, "Optimum checking
 * procedures", Journal of the SIAM 11 (1963).
 *
 * @module
 */
import * as O from "../internal/option.ts";
import type { History, Span } from "../model/history.ts";
import { atLeast } from "../internal/check.ts";
import { jitter } from "./retry.ts";
import type { Schedule } from "./schedule.ts";

/**
 * Options of {@linkcode adaptive}.
 *
 * @category Schedules
 */
export interface AdaptiveOptions {
  /**
   * The cost of a poll, as the number of milliseconds of delay that are equally bad. Greater than 0 and finite. Higher
   * values result in fewer and later polls.
   *
   * @default {1000}
   */
  readonly pollCost?: number | undefined;
  /**
   * The durations of earlier tasks.
   *
   * @default {undefined} the history in the service's memory
   */
  readonly history?: History | undefined;
  /**
   * An estimate of the median duration in milliseconds, which is used until there is a history. Greater than 0. Two
   * tasks outweigh it.
   *
   * @default {1700}
   */
  readonly median?: number | undefined;
}

/** Returns the time of the next poll of a task that has taken `elapsed` so far. In milliseconds from the submission. */
type Plan = (elapsed: number) => number;

// Time is divided into 119 slots from 50 ms to ten minutes, each 8 % longer than the previous one. Slot 0 starts at 0,
// and slot i at TIMES[i].
const FIRST = 50;
const STEP = 0.08;
const SLOTS = Math.ceil(Math.log(600_000 / FIRST) / STEP) + 1;
const TIMES: Float64Array = Float64Array.from(
  { length: SLOTS + 1 },
  (_, i) => i === 0 ? 0 : FIRST * Math.exp((i - 1) * STEP),
);

/**
 * The deviation of the lognormal prior: two thirds of it lie between a third of the median and three times the median.
 * Together with the default median, it costs the least of all priors that poll a task of 1 s within another second.
 */
const PRIOR_SIGMA = 1.1;

/** The weight of the prior, in tasks. */
const PRIOR_WEIGHT = 1;

/** The bandwidth of the smoothing kernel for a single task, on a logarithmic scale. It decreases with more tasks. */
const BANDWIDTH = 0.3;

/** The number of iterations of the estimate. More change the result only marginally. */
const ROUNDS = 8;

/** The number of tasks that replace the history when the load has changed. */
const LATEST = 16;

/**
 * The logarithm of the likelihood ratio beyond which it has. In simulations, lower values cost more if the load does not
 * change, and higher ones if it does.
 */
const CHANGE = 4;

/** The delay beyond the range of the history, as a share of the elapsed time. */
const TAIL = 0.3;

/** The range of the jitter, as a share of the delay. It spreads the polls of tasks that were submitted together. */
const JITTER = 0.05;

/**
 * Plans the polls of a task to minimize polls × `pollCost` + delay, given the durations of the service's last 64 tasks
 * or, if the load has changed, of its last 16. For a task that takes longer than these, the delays grow exponentially.
 * Delays have a jitter of ± 2.5 %, which is derived from the task's id and the attempt, so that a replay makes the same
 * decisions.
 *
 * @throws {RangeError} If an option is out of range.
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
  const { pollCost = 1000, history: known, median = 1700 } = options;
  atLeast("poll on an adaptive schedule", "pollCost", pollCost, Number.MIN_VALUE);
  if (pollCost === Infinity) throw new RangeError("Cannot poll on an adaptive schedule as pollCost must be finite");
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

/** The slots that a span covers. `to` is not included. */
type SlotRange = readonly [from: number, to: number];

/**
 * Estimates the probability of each slot from all tasks or, if the load has changed, from the latest ones. A
 * likelihood-ratio test decides: the load has changed if the latest tasks alone explain their durations much better.
 * Weights that decrease with age do not distinguish a change from a mixture of short and long tasks, whose rarer ones
 * they forget.
 */
function estimate(spans: readonly Span[], median: number): Float64Array {
  const prior = lognormal(median);
  const ranges = spans.map(rangeOf), latest = ranges.slice(-LATEST);
  const all = fit(ranges, prior);
  if (latest.length === ranges.length) return all;
  const recent = fit(latest, prior);
  return logLikelihood(latest, recent) - logLikelihood(latest, all) > CHANGE ? recent : all;
}

function rangeOf([after, before]: Span): SlotRange {
  const from = Math.min(slotOf(after), SLOTS - 1);
  return [from, before === null ? SLOTS : Math.max(from + 1, Math.min(slotOf(before), SLOTS))];
}

function logLikelihood(ranges: readonly SlotRange[], mass: Float64Array): number {
  const below = sumBelow(mass);
  return ranges.reduce((sum, [from, to]) => sum + Math.log(Math.max(below[to] - below[from], Number.MIN_VALUE)), 0);
}

/**
 * Fits the probability of each slot to the prior and the tasks, smoothed over neighboring slots. This is the EMS
 * algorithm for interval-censored data: B. W. Silverman et al., Journal of the Royal Statistical Society B 52 (1990).
 */
function fit(ranges: readonly SlotRange[], prior: Float64Array): Float64Array {
  if (ranges.length === 0) return prior;
  const kernel = gaussian(BANDWIDTH * ranges.length ** -0.25);
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

/**
 * Returns the expected number of tasks in each slot: each task is distributed over its span in proportion to `mass`.
 */
function expect(ranges: readonly SlotRange[], mass: Float64Array): Float64Array {
  const below = sumBelow(mass);
  // The difference between the weights of the tasks whose spans start and end at a slot.
  const change = new Float64Array(SLOTS + 1);
  for (const [from, to] of ranges) {
    const weight = 1 / Math.max(below[to] - below[from], Number.MIN_VALUE);
    change[from] += weight;
    change[to] -= weight;
  }
  let weight = 0;
  return mass.map((m, i) => m * (weight += change[i]));
}

/** Returns the sum of the slots below each slot, and that of all. */
function sumBelow(mass: Float64Array): Float64Array {
  const below = new Float64Array(SLOTS + 1);
  for (let i = 0; i < SLOTS; i++) below[i + 1] = below[i] + mass[i];
  return below;
}

/**
 * Finds the plan with the least cost, by dynamic programming from the last slot to the first. The cost of an unfinished
 * task at the start of a slot is the cost of the next poll, plus the delay until then, plus the cost at that poll.
 */
function cheapest(mass: Float64Array, pollCost: number): Plan {
  const done = sumBelow(mass);
  const doneAt = sumBelow(mass.map((m, i) => m * (TIMES[i] + TIMES[i + 1]) / 2));
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

/** Returns the slot whose start is nearest to a time. */
function slotOf(time: number): number {
  return time < FIRST / 2 ? 0 : Math.max(1, Math.min(SLOTS, 1 + Math.round(Math.log(time / FIRST) / STEP)));
}

function clamp(slot: number): number {
  return Math.max(0, Math.min(SLOTS - 1, slot));
}

/** The prior: the probability of each slot. The last slot includes all later times. */
function lognormal(median: number): Float64Array {
  // The logistic function approximates the cumulative normal distribution to within 0.01.
  const below = (time: number): number => 1 / (1 + (median / time) ** (1.702 / PRIOR_SIGMA));
  return Float64Array.from(
    { length: SLOTS },
    (_, i) => (i === SLOTS - 1 ? 1 : below(TIMES[i + 1])) - (i === 0 ? 0 : below(TIMES[i])),
  );
}

/** The right half of a Gaussian kernel over slots, starting with its center. The whole kernel sums to 1. */
function gaussian(sigma: number): readonly number[] {
  const half = Array.from(
    { length: 1 + Math.ceil(3 * sigma / STEP) },
    (_, k) => Math.exp(-((k * STEP / sigma) ** 2) / 2),
  );
  const sum = half.reduce((sum, weight) => sum + 2 * weight, -half[0]);
  return half.map((weight) => weight / sum);
}
