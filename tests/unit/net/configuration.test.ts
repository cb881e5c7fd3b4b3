// How an interface gets its addresses: DHCP (RFC 2131), router advertisements (RFC 4862), DHCPv6 (RFC 8415), link-local
// addresses when nobody answers (RFC 3927).

import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, type Frame, ipBytes, u16, u32 } from "./frames.ts";
import { parseAddress } from "./host.ts";
import { Neighbour, STATION } from "./neighbour.ts";

const SERVER = "10.0.2.2";
const LEASED = "10.0.2.15";

/** A DHCP message from the client: its fixed part and options. */
function readDhcp(frame: Frame): {
  type: number;
  transaction: number;
  client: number[];
  options: Map<number, number[]>;
} {
  const bytes = frame.payload.subarray(8);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const options = new Map<number, number[]>();
  for (let at = 240; at < bytes.length && bytes[at] !== 255; ) {
    const code = bytes[at] ?? 0;
    if (code === 0) {
      at++;
      continue;
    }
    const length = bytes[at + 1] ?? 0;
    options.set(code, [...bytes.subarray(at + 2, at + 2 + length)]);
    at += 2 + length;
  }
  return {
    type: options.get(53)?.[0] ?? 0,
    transaction: view.getUint32(4),
    client: [...bytes.subarray(12, 16)],
    options,
  };
}

class Server extends Neighbour {
  leaseSeconds = 600;
  extra: number[] = [];

  /** DHCP messages the client has sent. */
  requests(): ReturnType<typeof readDhcp>[] {
    return this.takeIp(17)
      .filter((frame) => frame.payload[3] === 67)
      .map(readDhcp);
  }

  answer(type: number, transaction: number, address = LEASED): void {
    const fixed = concat([2, 1, 6, 0], u32(transaction), [0, 0, 0x80, 0], u32(0), ipBytes(address), u32(0), u32(0));
    const hardware = new Uint8Array(16);
    for (let i = 0; i < 6; i++) hardware[i] = Number((this.host.hardware >> BigInt(40 - 8 * i)) & 0xffn);
    const message = concat(
      fixed,
      hardware,
      new Uint8Array(192),
      u32(0x63825363),
      [53, 1, type, 54, 4, ...ipBytes(SERVER), 51, 4, ...u32(this.leaseSeconds), 1, 4, 255, 255, 255, 0],
      [3, 4, ...ipBytes(SERVER), 6, 4, ...ipBytes("10.0.2.3"), ...this.extra],
      [255],
    );
    this.udp(SERVER, "255.255.255.255", [67, 68], message, 0xffff_ffff_ffffn);
  }

  /** Take the client to a lease. */
  lease(): void {
    const [discover] = this.requests();
    assert.equal(discover?.type, 1);
    this.answer(2, discover?.transaction ?? 0);
    const [request] = this.requests();
    assert.equal(request?.type, 3);
    assert.deepEqual(request?.options.get(50), [...ipBytes(LEASED)]);
    assert.deepEqual(request?.options.get(54), [...ipBytes(SERVER)]);
    this.answer(5, request?.transaction ?? 0);
  }

  has(address: string): boolean {
    const { low } = parseAddress(address);
    return this.host.addresses().some((entry) => entry.low === low && entry.high === 0n);
  }
}

function start(): Server {
  const server = new Server({ automatic: true });
  server.advance(0);
  return server;
}

test("RFC 2131 §3.1: discover, offer, request, acknowledgment: address, route and name server", () => {
  const server = start();
  server.lease();
  assert.ok(server.has(LEASED));
  assert.equal(server.host.wasm.resolverCount(), 1);
  assert.equal(BigInt.asUintN(64, server.host.wasm.resolverLow(0)), parseAddress("10.0.2.3").low);
  server.host.connect("192.0.2.1", 80);
  const question = server.take().find((frame) => frame.type === 0x0806 && frame.payload[27] === 2);
  assert.ok(question, "the gateway is asked for");
});

test("RFC 2131 §4.1: without an answer the client asks again, ever less often", () => {
  const server = start();
  let count = server.requests().length;
  server.advance(70_000);
  count += server.requests().length;
  assert.ok(count >= 6 && count <= 9, `${count} requests`);
});

test("RFC 3927: when nobody answers for about three seconds, a link-local address is probed and taken", () => {
  const server = start();
  server.advance(6000);
  const probes = server.take().filter((frame) => frame.type === 0x0806 && frame.payload[24] === 169);
  assert.ok(probes.length >= 3);
  const own = server.host
    .addresses()
    .filter((entry) => entry.high === 0n && ((entry.low >> 16n) & 0xffffn) === 0xa9fen);
  assert.equal(own.length, 1);
  // A lease that comes later takes its place.
  server.advance(5000);
  const [discover] = server.requests().slice(-1);
  server.answer(2, discover?.transaction ?? 0);
  const [request] = server.requests();
  server.answer(5, request?.transaction ?? 0);
  assert.ok(server.has(LEASED));
  assert.equal(server.host.addresses().filter((entry) => ((entry.low >> 16n) & 0xffffn) === 0xa9fen).length, 0);
});

test("RFC 2131 §4.4.5: the lease is renewed at half its time with its server, then with anyone, then it ends", () => {
  const server = start();
  server.lease();
  server.take();
  server.arp(1, SERVER, LEASED);
  server.take();
  server.advance(301_000);
  const renewals = server.takeIp(17).filter((frame) => frame.payload[3] === 67);
  assert.equal(renewals.length, 1);
  const renewal = readDhcp(renewals[0] as Frame);
  assert.deepEqual(renewal.client, [...ipBytes(LEASED)]);
  assert.deepEqual([...(renewals[0]?.ip?.destination ?? [])], [...ipBytes(SERVER)]);
  server.answer(5, renewal.transaction);
  server.advance(290_000);
  assert.equal(server.requests().length, 0);
  server.advance(240_000);
  const late = server.takeIp(17).filter((frame) => frame.payload[3] === 67);
  assert.ok(
    late.some((frame) => frame.ip?.destination[0] === 255),
    "rebinding is broadcast",
  );
  server.advance(80_000);
  assert.ok(!server.has(LEASED), "the lease is over");
});

test("a cable that moves to another network: the new lease takes the old one's place", () => {
  const other = "10.0.2.77";
  const server = start();
  server.lease();
  server.host.wasm.setCarrier(0);
  server.advance(1000);
  server.host.wasm.setCarrier(1);
  server.advance(0);
  assert.ok(server.has(LEASED), "until something better is known");
  server.answer(2, server.requests()[0]?.transaction ?? 0, other);
  server.answer(5, server.requests()[0]?.transaction ?? 0, other);
  assert.ok(server.has(other));
  assert.ok(!server.has(LEASED), "the address of the network that was left");
});

test("a cable that moves to where nobody answers: the lease still ends in its time", () => {
  const server = start();
  server.lease();
  server.host.wasm.setCarrier(0);
  server.advance(1000);
  server.host.wasm.setCarrier(1);
  server.advance(700_000);
  assert.ok(!server.has(LEASED));
});

test("RFC 2131 §3.2: a refusal begins anew", () => {
  const server = start();
  const [discover] = server.requests();
  server.answer(2, discover?.transaction ?? 0);
  const [request] = server.requests();
  server.answer(6, request?.transaction ?? 0);
  assert.equal(server.requests()[0]?.type, 1);
  assert.ok(!server.has(LEASED));
});

test("answers to others, without a server, with a lying length are ignored", () => {
  const server = start();
  const [discover] = server.requests();
  server.answer(2, (discover?.transaction ?? 0) ^ 1);
  assert.equal(server.requests().length, 0);
  server.extra = [12, 250];
  server.answer(2, discover?.transaction ?? 0);
  assert.equal(server.requests().length, 1);
});

test("RFC 3442: classless routes take the place of the router option", () => {
  const server = start();
  server.extra = [121, 8 + 9, 24, 192, 168, 5, ...ipBytes("10.0.2.9"), 32, 1, 2, 3, 4, ...ipBytes("10.0.2.8")];
  server.lease();
  server.take();
  server.host.connect("192.168.5.1", 80);
  assert.equal(server.take().find((frame) => frame.type === 0x0806)?.payload[27], 9);
});

test("RFC 4862 §5.5.3: a router's prefix becomes an address, its lifetime a route, its servers resolvers", () => {
  const n = new Neighbour({ automatic: true });
  n.advance(2000);
  const solicitation = n.takeIp(58).filter((frame) => frame.payload[0] === 133);
  assert.ok(solicitation.length >= 1, "no router solicitation");
  n.advertise({ mtu: 1400, dns: "fd00:1::53" });
  n.advance(2000);
  const own = n.host.addresses().find((entry) => entry.high === 0xfd00_0001_0000_0000n);
  assert.equal(own?.state, 1);
  assert.equal(own?.low, 0x5054_00ff_fe00_0001n);
  assert.equal(n.host.wasm.resolverCount(), 1);
  n.take();
  const handle = n.host.connect("2001:db8::1", 80);
  assert.ok(handle >= 0);
  const [syn] = n.take();
  assert.equal(syn?.tcp?.options.mss, 1400 - 60);
  assert.equal(syn?.destination, "525400000099");
});

test("RFC 4861 §6.3.4: a router with lifetime 0 is none", () => {
  const n = new Neighbour({ automatic: true });
  n.advance(2000);
  n.advertise();
  const before = n.host.wasm.routeCount();
  n.advertise({ lifetime: 0 });
  assert.equal(n.host.wasm.routeCount(), before - 1);
});

test("RFC 4862 §5.5.4: addresses are deprecated and end with their prefix", () => {
  const n = new Neighbour({ automatic: true });
  n.advance(2000);
  n.advertise({ valid: 8000, preferred: 7500 });
  n.advance(3000);
  const own = () => n.host.addresses().find((entry) => entry.high === 0xfd00_0001_0000_0000n);
  assert.equal(own()?.state, 1);
  n.advance(7_500_000);
  assert.equal(own()?.state, 2);
  n.advance(600_000);
  assert.equal(own(), undefined);
});

test("RFC 8415 §18.2.6: a router that knows of other configuration has us ask for it", () => {
  const n = new Neighbour({ automatic: true });
  n.advance(2000);
  n.take();
  n.advertise({ flags: 0x40 });
  const [request] = n.takeIp(17);
  assert.equal(request?.payload[3], 547 & 0xff);
  assert.equal(request?.payload[8], 11);
  const transaction = request?.payload.subarray(9, 12) ?? [];
  const reply = concat([7, ...transaction], u16(23), u16(16), ipBytes("fd00::35"));
  n.udp("fe80::99", "fe80::5054:ff:fe00:1", [547, 546], reply);
  assert.equal(n.host.wasm.resolverCount(), 1);
});

test("hostile advertisements: link-local prefixes, lifetimes that contradict, not from a router of this link", () => {
  const n = new Neighbour({ automatic: true });
  n.advance(2000);
  const before = n.host.addresses().length;
  n.advertise({ preferred: 5000, valid: 100 });
  assert.equal(n.host.addresses().length, before);
  const message = concat([134, 0, 0, 0, 64, 0, ...u16(1800)], u32(0), u32(0));
  n.icmpv6("fd00::99", "ff02::1", message, 255, 0x3333_0000_0001n);
  assert.ok(n.host.counter("NDP_INVALID") >= 1);
  assert.equal(STATION, 0x525400000099n);
});
