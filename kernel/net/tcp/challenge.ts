// Challenge acknowledgments (RFC 5961): a peer that really sent the doubtful segment will answer with the truth, a
// forger learns nothing. Limited per connection and in all (§7), the latter by an amount that cannot be counted from
// outside (the side channel of CVE-2016-5696).

import * as clock from "../clock";
import { Counter, count } from "../counters";
import { randomBelow } from "../secret";
import { Connection } from "./connection";
import { acknowledge } from "./output";

/** As net.ipv4.tcp_invalid_ratelimit. */
const INTERVAL_NS: u64 = 500 * clock.MILLISECOND;
/** As net.ipv4.tcp_challenge_ack_limit was when it had a number: per second, half of it certain. */
const PER_SECOND: u32 = 1000;

let windowNs: u64 = 0;
let remaining: u32 = 0;

/** Whether the machine may send another one now. */
export function permits(): bool {
  if (clock.nowNs - windowNs >= clock.SECOND || windowNs == 0) {
    windowNs = max<u64>(clock.nowNs, 1);
    remaining = PER_SECOND / 2 + randomBelow(PER_SECOND);
  }
  if (remaining == 0) {
    count(Counter.TCP_CHALLENGE_ACKS_LIMITED);
    return false;
  }
  remaining--;
  count(Counter.TCP_CHALLENGE_ACKS);
  return true;
}

/** Answer a doubtful segment, unless one was answered just now. */
export function challenge(c: Connection): void {
  if (c.lastChallengeNs != 0 && clock.nowNs - c.lastChallengeNs < INTERVAL_NS) {
    count(Counter.TCP_CHALLENGE_ACKS_LIMITED);
    return;
  }
  if (!permits()) return;
  c.lastChallengeNs = max<u64>(clock.nowNs, 1);
  acknowledge(c);
}
