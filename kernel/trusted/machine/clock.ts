// The time-stamp counter. Units: TSC ticks; sched/clock turns them into nanoseconds.

/** The counter, not serialized. */
export declare function ticks(): u64;
