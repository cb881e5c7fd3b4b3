/**
 * Names, end to end: the C library's resolver and c-ares in the guest ask name servers on port 53 of this namespace,
 * through QEMU's user network (10.0.2.2 is the namespace's 127.0.0.1) and over the tap.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type GuestOptions, runGuest } from "../../../cli/run/guest.ts";
import { LONG_TEXTS, startNameServer } from "./name-server.ts";
import { check, GUEST_4, GUEST_6, HOST_4, HOST_6, makeTap } from "./peer.ts";

makeTap();

function expected(server: string): object {
  return {
    configured: [`nameserver ${server}`],
    lookup: ["192.0.2.7", "2001:db8::7"],
    lookup4: { address: "192.0.2.4", family: 4 },
    hosts: "127.0.0.1",
    unknown: "ENOTFOUND",
    resolve4: ["192.0.2.4", "192.0.2.5"],
    resolve6: ["2001:db8::7"],
    cname: ["four.eggos.test"],
    mx: [{ exchange: "both.eggos.test", priority: 10, type: "MX" }],
    srv: [{ name: "both.eggos.test", port: 8000, priority: 1, weight: 2, type: "SRV" }],
    txt: [["eggos"]],
    long: LONG_TEXTS.length,
    reverse: ["both.eggos.test"],
    missing: "ENOTFOUND",
    empty: "ENODATA",
  };
}

async function lookUp(server: string, listenAt: string, options: Partial<GuestOptions>): Promise<void> {
  const names = await startNameServer(listenAt, 53);
  try {
    const result = await runGuest({ target: join(import.meta.dirname, "../net"), args: ["names"], ...options });
    assert.equal(result.status, 0, `${result.stdout} ${result.stderr.slice(-2000)}`);
    const told = JSON.parse(result.stdout) as { lookup4: { address: string } };
    // Either of two is right.
    told.lookup4.address = told.lookup4.address.replace("192.0.2.5", "192.0.2.4");
    assert.deepEqual(told, expected(server));
    assert.ok(names.asked.udp > 10, `${names.asked.udp} questions by UDP`);
    assert.ok(names.asked.tcp > 0, "the long answer was not asked for by TCP");
  } finally {
    names.close();
  }
}

const tap = [
  "-netdev",
  "tap,id=peer,ifname=tap0,script=no,downscript=no,vhost=off",
  "-device",
  "virtio-net-pci,netdev=peer,romfile=",
];

await check("names through the user network, with the server that --dns names", () =>
  lookUp("10.0.2.2", "127.0.0.1", {
    boot: { addresses: ["10.0.2.15/24"], gateways: ["10.0.2.2"], nameServers: ["10.0.2.2"] },
  }),
);
await check("names from a server with an IPv4 address", () =>
  lookUp(HOST_4, HOST_4, { qemuArguments: tap, boot: { addresses: [`${GUEST_4}/24%eth1`], nameServers: [HOST_4] } }),
);
await check("names from a server with an IPv6 address", () =>
  lookUp(HOST_6, HOST_6, { qemuArguments: tap, boot: { addresses: [`${GUEST_6}/64%eth1`], nameServers: [HOST_6] } }),
);
console.log("done");
process.exit(0);
