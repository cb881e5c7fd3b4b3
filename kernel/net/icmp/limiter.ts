// How many ICMP errors may be sent (RFC 1812 §4.3.2.8, RFC 4443 §2.4 f): a token bucket for all of them, as Linux's
// icmp_msgs_per_sec and icmp_msgs_burst.

import * as clock from "../clock";

const RATE_PER_SECOND: u64 = 1000;
const BURST: u64 = 50;

const COST_NS: u64 = clock.SECOND / RATE_PER_SECOND;
/** Time saved up; each message spends COST_NS of it. */
let creditNs: u64 = BURST * COST_NS;
let lastNs: u64 = 0;

/** Whether another error may go out now; takes its token. */
export function permits(): bool {
  creditNs = min<u64>(creditNs + (clock.nowNs - lastNs), BURST * COST_NS);
  lastNs = clock.nowNs;
  if (creditNs < COST_NS) return false;
  creditNs -= COST_NS;
  return true;
}
