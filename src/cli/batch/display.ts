/**
 * The progress of many items: on a terminal, a live line for each that is in progress and one for all of them; elsewhere,
 * a line for each that has ended.
 *
 * @module
 */
import { describeError, duration } from "../../model/describe.ts";
import type { Retry } from "../../client/service.ts";
import { printable } from "../../internal/text.ts";
import type { Verbosity } from "../command.ts";
import type { Terminal } from "../terminal.ts";
import { cutTo, padTo, widthOf } from "../width.ts";

/** The progress of many items, each of which has a key. */
export interface Display {
  /** Shows an item that has begun. */
  readonly begin: (key: string, label: string) => void;
  /** Shows what happens to an item. */
  readonly status: (key: string, label: string) => void;
  /** Shows a failure that will be retried. */
  readonly retry: (retry: Retry) => void;
  /** Counts an item that is completed. `text` says with what result. */
  readonly complete: (key: string, text: string) => void;
  /** Counts an item that has failed. `text` says why, and is always shown. */
  readonly fail: (key: string, text: string) => void;
  /** Forgets an item that has not ended. */
  readonly drop: (key: string) => void;
  /** Removes the live lines. Idempotent. */
  readonly close: () => void;
}

/** An item in progress. Times are in milliseconds. */
interface Item {
  readonly label: string;
  readonly startedAt: number;
}

/** What the live lines show. */
export interface Progress {
  readonly items: ReadonlyMap<string, Item>;
  readonly completed: number;
  readonly failed: number;
  /** The number of ended items that were worked on, on which the rate is based. */
  readonly worked: number;
  /** The number of all items, or null as long as it is not known. */
  readonly total: number | null;
  readonly startedAt: number;
}

/** The interval at which the elapsed times change, in milliseconds. */
const INTERVAL = 200;

/** Starts to show the progress. `total` returns the number of all items, or null as long as it is not known. */
export function createDisplay(
  terminal: Terminal,
  { quiet, verbose }: Verbosity,
  total: () => number | null,
  now: () => number = () => performance.now(),
): Display {
  const items = new Map<string, Item>();
  const startedAt = now();
  let completed = 0, failed = 0, worked = 0, lastFailure = "";
  /** The items to which something has happened. What a journal knows already takes no time. */
  const busy = new Set<string>();
  const isLive = terminal.isLive() && !quiet;
  const draw = (): void => {
    const progress = { items, completed, failed, worked, total: total(), startedAt };
    terminal.draw(toLines(progress, terminal.size(), now()));
  };
  let timer = isLive ? setInterval(draw, INTERVAL) : undefined;
  const end = (key: string): string => {
    const item = items.get(key);
    if (busy.delete(key)) worked++;
    items.delete(key);
    return item === undefined ? "" : ` (${duration(now() - item.startedAt)})`;
  };
  return {
    begin: (key, label) => void items.set(key, { label, startedAt: now() }),
    status: (key, label) => {
      const item = items.get(key);
      busy.add(key);
      if (item === undefined || item.label === label) return;
      items.set(key, { ...item, label });
      if (verbose) terminal.say(`${key}: ${label} (${duration(now() - item.startedAt)})`);
    },
    retry: ({ error, delay }) => {
      const failure = describeError(error);
      // A service that is not reachable would fill the screen.
      if (quiet || !verbose && failure === lastFailure) return;
      lastFailure = failure;
      terminal.say(`${failure} Trying again in ${duration(delay)}.`, terminal.colors.err.yellow);
    },
    complete: (key, text) => {
      completed++;
      const elapsed = end(key);
      if (!quiet && (verbose || !isLive)) terminal.say(`${key}: ${text}${elapsed}`);
    },
    fail: (key, text) => {
      failed++;
      end(key);
      terminal.insist(`${key}: ${text}`, terminal.colors.err.red);
    },
    drop: (key) => {
      items.delete(key);
      busy.delete(key);
    },
    close: () => {
      if (timer === undefined) return;
      clearInterval(timer);
      timer = undefined;
      terminal.draw([]);
    },
  };
}

/** The live lines. The last one is about all items; before it, there are as many of the oldest items as fit. */
export function toLines(
  { items, ...totals }: Progress,
  { columns, rows }: { readonly columns: number; readonly rows: number },
  now: number,
): readonly string[] {
  const room = Math.max(0, rows - 2);
  const shown = items.size <= room ? items.size : Math.max(0, room - 1);
  const cells = Array.from(items).slice(0, shown).map(([key, { label, startedAt }]) =>
    [printable(key), label, duration(now - startedAt)] as const
  );
  const widest = (column: 0 | 1 | 2): number => Math.max(0, ...cells.map((row) => widthOf(row[column])));
  const labels = widest(1), times = widest(2);
  const keys = Math.min(widest(0), Math.max(8, columns - 1 - labels - times - 4));
  return [
    ...cells.map(([key, label, time]) =>
      `${padTo(keys, cutTo(keys, key, "end"))}  ${padTo(labels, label)}  ${time.padStart(times)}`
    ),
    ...shown < items.size ? [`… and ${items.size - shown} more`] : [],
    toTotals(totals, now),
  ];
}

function toTotals(
  { completed, failed, worked, total, startedAt }: Omit<Progress, "items">,
  now: number,
): string {
  const ended = completed + failed;
  const perMinute = worked / Math.max(1, now - startedAt) * 60_000;
  return [
    `${ended}${total === null ? "" : ` of ${total}`} done${failed === 0 ? "" : ` (${failed} failed)`}`,
    ...worked === 0 ? [] : [`${perMinute < 10 ? perMinute.toFixed(1) : Math.round(perMinute)}/min`],
    ...worked === 0 || total === null || total <= ended
      ? []
      : [`about ${duration(Math.ceil((total - ended) / perMinute * 60) * 1000)} left`],
  ].join(", ");
}
