/**
 * A wall clock that jumps, as it does when a computer wakes up or sets its clock.
 *
 * @module
 */

const HOUR = 3_600_000;

/** How often the clock jumps, in milliseconds. */
const EVERY = 50;

/** Makes `Date.now` jump to any time within an hour of the truth. Returns how often it has jumped, and puts it right. */
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
