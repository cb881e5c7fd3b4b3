// /proc/net/pnp: name servers and domain as the network's configuration protocols gave them, in the format of
// resolv.conf (Linux Documentation/admin-guide/nfs/nfsroot.rst). /etc/resolv.conf points here.

import { Text } from "../lib/text";
import { Address } from "../net/address";
import * as resolvers from "../net/configuration/resolvers";
import { isSettled, PATIENCE_NS } from "../net/configuration/settled";
import { writeAddress } from "../net/text";
import { waitUninterruptibly } from "../sched/block";
import * as clock from "../sched/clock";
import { WaitQueue } from "../sched/wait";
import { TextSource } from "./proc-file-system";

/** How often a reader who came early looks again. */
const INTERVAL_NS: u64 = 5_000_000;

const nobody: WaitQueue = new WaitQueue();

/** A program that asks for name servers before DHCP has answered waits a moment. */
function waitForAddresses(): void {
  while (!isSettled() && clock.nowNs() < PATIENCE_NS) waitUninterruptibly(nobody, clock.nowNs() + INTERVAL_NS);
}

export class ResolverFile extends TextSource {
  override get tellsSize(): bool {
    return true;
  }

  override render(text: Text): void {
    waitForAddresses();
    if (resolvers.domainLength > 0) {
      text.string("search ").array(resolvers.domain, 0, resolvers.domainLength).byte(0x0a);
    }
    for (let i = 0; i < resolvers.serverCount; i++) {
      let server: Address = resolvers.server(i);
      text.string("nameserver ");
      writeAddress(text, server).byte(0x0a);
    }
  }
}
