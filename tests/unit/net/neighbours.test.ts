// ARP (RFC 826, RFC 5227) and neighbour discovery (RFC 4861, RFC 4862): who is where, and what when nobody answers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, ipBytes, u32 } from "./frames.ts";
import { parseAddress, State } from "./host.ts";
import { groupStation, linkOption, Neighbour, STATION } from "./neighbour.ts";

function ipv4Pair(): Neighbour {
  const n = new Neighbour();
  n.host.addStatic("10.0.0.1", 24, "10.0.0.254");
  n.advance(3000);
  n.take();
  return n;
}

test("RFC 826: a request for our address is answered to the asker alone", () => {
  const n = ipv4Pair();
  n.arp(1, "10.0.0.2", "10.0.0.1");
  const [answer] = n.take();
  assert.equal(answer?.type, 0x0806);
  assert.equal(answer?.destination, "525400000099");
  assert.equal(answer?.payload[7], 2);
  n.arp(1, "10.0.0.2", "10.0.0.7");
  assert.deepEqual(n.take(), []);
});

test("RFC 826: packets wait for the answer and then leave in order", () => {
  const n = ipv4Pair();
  const handle = n.host.wasm.udpOpen(0n, 0xffff_0000_0000n, 5000, 0, 0);
  const { high, low } = parseAddress("10.0.0.2");
  for (let i = 1; i <= 3; i++) n.host.call((w) => w.udpSend(handle, high, low, 7, i));
  const [request, ...others] = n.take();
  assert.equal(request?.type, 0x0806);
  assert.equal(request?.destination, "ffffffffffff");
  assert.equal(others.length, 0);
  n.arp(2, "10.0.0.2", "10.0.0.1", STATION, n.host.hardware);
  const sent = n.take();
  assert.deepEqual(
    sent.map((frame) => frame.payload.length - 8),
    [1, 2, 3],
  );
  assert.equal(sent[0]?.destination, "525400000099");
});

test("RFC 4861 §7.3.3 for ARP: three questions, then the senders learn that nobody is there", () => {
  const n = ipv4Pair();
  const handle = n.host.connect("10.0.0.77", 80);
  n.advance(10_000);
  const requests = n.take().filter((frame) => frame.type === 0x0806);
  assert.ok(requests.length >= 3, `${requests.length} requests`);
  assert.equal(n.host.state(handle), State.SYN_SENT);
  n.advance(200_000);
  assert.equal(n.host.wasm.tcpError(handle), 113);
});

test("off the link goes to the gateway", () => {
  const n = ipv4Pair();
  n.host.connect("192.0.2.1", 80);
  const [request] = n.take();
  assert.deepEqual([...(request?.payload.subarray(24, 28) ?? [])], [10, 0, 0, 254]);
});

test("the cache is bounded, and gratuitous announcements teach it nothing new", () => {
  const n = ipv4Pair();
  n.host.addStatic("10.1.0.1", 16);
  for (let i = 0; i < 3000; i++) n.arp(1, `10.1.${i >> 8}.${i & 255}`, "10.1.0.1");
  n.take();
  for (let i = 0; i < 100; i++) n.arp(1, `10.0.0.${i + 3}`, `10.0.0.${i + 3}`);
  assert.deepEqual(n.take(), []);
  n.arp(1, "10.1.200.1", "10.1.0.1");
  assert.equal(n.take().length, 1);
});

test("hostile ARP: the wrong kind, our own address, a group as sender", () => {
  const n = ipv4Pair();
  n.arp(1, "10.0.0.2", "10.0.0.1", n.host.hardware);
  n.arp(1, "224.0.0.1", "10.0.0.1");
  n.arp(1, "255.255.255.255", "10.0.0.1");
  assert.deepEqual(n.take(), []);
  assert.ok(n.host.counter("ARP_INVALID") >= 2);
});

function ipv6Pair(): Neighbour {
  const n = new Neighbour();
  n.host.addStatic("fd00::1", 64);
  n.advance(3000);
  n.take();
  return n;
}

test("RFC 4862 §5.4: an address is probed before use, and not answered for until then", () => {
  const n = new Neighbour();
  n.host.addStatic("fd00::1", 64);
  n.advance(30);
  const probe = n.take().find((frame) => frame.payload[0] === 135 && (frame.payload[23] ?? 0) === 1);
  assert.ok(probe, "no probe");
  assert.deepEqual([...(probe.ip?.source ?? [])], new Array(16).fill(0));
  const address = (): number | undefined => n.host.addresses().find((entry) => entry.low === 1n)?.state;
  assert.equal(address(), 0);
  n.advance(1100);
  assert.equal(address(), 1);
});

test("RFC 4862 §5.4.5: an address that another station defends is not used", () => {
  const n = new Neighbour();
  n.host.addStatic("fd00::1", 64);
  n.advance(30);
  const answer = concat([136, 0, 0, 0], u32(0x20000000), ipBytes("fd00::1"), linkOption(2, STATION));
  n.icmpv6("fd00::1", "ff02::1", answer, 255, groupStation("ff02::1"));
  assert.equal(n.host.addresses().find((entry) => entry.low === 1n)?.state, 3);
  n.advance(3000);
  const other = n.host.addresses().find((entry) => entry.high === 0xfd00_0000_0000_0000n && entry.low !== 1n);
  assert.equal(other?.state, 1, "another identifier was tried");
});

test("RFC 4861 §7.2.4: a solicitation is answered, and its sender learned", () => {
  const n = ipv6Pair();
  const question = concat([135, 0, 0, 0], u32(0), ipBytes("fd00::1"), linkOption(1, STATION));
  n.icmpv6("fd00::2", "ff02::1:ff00:1", question, 255, groupStation("ff02::1:ff00:1"));
  const [answer] = n.takeIp(58);
  assert.equal(answer?.payload[0], 136);
  assert.equal(answer?.payload[4], 0x60);
  assert.equal(answer?.destination, "525400000099");
});

test("RFC 4861 §7.1.1: messages that crossed a router, or whose options lie, are ignored", () => {
  const n = ipv6Pair();
  const question = concat([135, 0, 0, 0], u32(0), ipBytes("fd00::1"));
  n.icmpv6("fd00::2", "ff02::1:ff00:1", question, 64, groupStation("ff02::1:ff00:1"));
  n.icmpv6(
    "fd00::2",
    "ff02::1:ff00:1",
    concat(question, [1, 0, 0, 0, 0, 0, 0, 0]),
    255,
    groupStation("ff02::1:ff00:1"),
  );
  n.icmpv6(
    "fd00::2",
    "ff02::1:ff00:1",
    concat(question, [1, 9, 0, 0, 0, 0, 0, 0]),
    255,
    groupStation("ff02::1:ff00:1"),
  );
  assert.deepEqual(n.take(), []);
  assert.equal(n.host.counter("NDP_INVALID"), 3);
});

test("a cable that flaps: neighbours are asked for anew, connections go on", () => {
  const n = ipv4Pair();
  n.arp(1, "10.0.0.2", "10.0.0.1");
  n.take();
  n.host.wasm.setCarrier(0);
  n.advance(10);
  n.host.wasm.setCarrier(1);
  n.advance(10);
  n.take();
  n.host.connect("10.0.0.2", 80);
  assert.equal(n.take()[0]?.type, 0x0806);
});
