export { calibrate, multiplier, nowNs, nsToTicks, refine, ticksToNs } from "../../../kernel/sched/clock";
