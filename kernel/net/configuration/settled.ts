// Whether the machine knows its addresses yet: what asks too early (a program's first look at the resolver's
// configuration, its first connection) may wait for this, but not long.

import * as clock from "../clock";
import * as interfaces from "../ip/interfaces";
import * as dhcpv4 from "./dhcpv4";

/** After this time since boot nobody waits any more: a link-local address has been taken by then. */
export const PATIENCE_NS: u64 = 4 * clock.SECOND;

/** Whether every interface with a cable has its IPv4 address, or none is to be expected. */
export function isSettled(): bool {
  for (let i = 1; i <= interfaces.last; i++) {
    let entry = interfaces.find(i);
    if (entry === null || entry.isLoopback || !entry.isRunning) continue;
    let client = dhcpv4.find(entry);
    if (client !== null && entry.primary(true) === null) return false;
  }
  return true;
}
