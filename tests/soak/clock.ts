/**
 * A system clock that jumps, like when a computer wakes up or sets its clock.
 *
 * @module
 */

const HOUR = 3_600_000;

/** The interval of the jumps, in milliseconds. */
const EVERY = 50;

/** Makes `Date.now` jump by up to an hour. Returns a function that restores it and returns the number of jumps. */
export function makeClockJump(): () => number {
  const now = Date.now;
  let offset = 0;
  let jumps = 0;
  Date.now = () => Math.round(now() + offset);
  const timer = setInterval(() => {
    offset = (2 * Math.random() - 1) * HOUR;
    jumps++;
  }, EVERY);
  return () => {
    clearInterval(timer);
    Date.now = now;
    return jumps;
  };
}
