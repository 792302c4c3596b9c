/**
 * A limit on what is in progress at the same time.
 *
 * @module
 */

/** Admits a number of entrants at a time. */
export interface Gate {
  /** Resolves as soon as there is room. */
  readonly enter: () => Promise<void>;
  /** Makes room for another one. */
  readonly leave: () => void;
}

/** Creates a gate for up to `limit` entrants. */
export function createGate(limit: number): Gate {
  let free = limit;
  const waiting: (() => void)[] = [];
  return {
    enter: () =>
      new Promise((resolve) => {
        if (free === 0) return waiting.push(resolve);
        free--;
        resolve();
      }),
    leave: () => {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    },
  };
}
