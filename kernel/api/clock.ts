// What time it is, in nanoseconds.

import * as clock from "../sched/clock";

/** A deadline that never comes. */
export { FOREVER } from "../sched/timer";

/** Since the machine started; never goes back. */
export function nowNs(): u64 {
  return clock.nowNs();
}

/** Since 1970, UTC. */
export function wallNs(): u64 {
  return clock.wallNs();
}
