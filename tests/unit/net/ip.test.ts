// The internet layer and UDP: fragments (RFC 791, RFC 8200, RFC 5722), ICMP (RFC 792, RFC 1122, RFC 4443), UDP (RFC 768),
// multicast (RFC 3376, RFC 3810), loopback.

import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, ipBytes, ipFrame, u16, u32 } from "./frames.ts";
import { Feature, parseAddress } from "./host.ts";
import { groupStation, Neighbour, STATION } from "./neighbour.ts";

const US = "10.0.0.1";
const THEM = "10.0.0.2";
const ANY4 = 0xffff_0000_0000n;

function pair(options = {}): Neighbour {
  const n = new Neighbour(options);
  n.host.addStatic(US, 24);
  n.host.addStatic("fd00::1", 64);
  n.advance(3000);
  n.arp(1, THEM, US);
  n.take();
  return n;
}

function datagram(n: Neighbour, handle: number): Uint8Array | null {
  let bytes: Uint8Array = new Uint8Array(0);
  n.host.sink = (_handle, part) => {
    bytes = concat(bytes, part);
  };
  return n.host.wasm.udpReceive(handle) < 0 ? null : bytes;
}

test("RFC 768: a datagram goes to its port, with its source", () => {
  const n = pair();
  const handle = n.host.wasm.udpOpen(0n, ANY4, 5000, 0, 0);
  n.udp(THEM, US, [999, 5000], Uint8Array.of(1, 2, 3));
  assert.deepEqual(datagram(n, handle), Uint8Array.of(1, 2, 3));
  assert.equal(n.host.wasm.udpSourcePort(), 999);
  assert.equal(BigInt.asUintN(64, n.host.wasm.udpSourceLow()), parseAddress(THEM).low);
  assert.equal(datagram(n, handle), null);
});

test("RFC 1122 §4.1.3.1: a port nobody has is unreachable, and says so", () => {
  const n = pair();
  n.udp(THEM, US, [999, 5001], Uint8Array.of(1));
  const [error] = n.takeIp(1);
  assert.deepEqual([...(error?.payload.subarray(0, 2) ?? [])], [3, 3]);
});

test("RFC 4443 §3.1: the same over IPv6", () => {
  const n = pair();
  n.udp("fd00::2", "fd00::1", [999, 5001], Uint8Array.of(1));
  n.advance(10);
  const question = n.take().find((frame) => frame.payload[0] === 135);
  assert.ok(question, "the neighbour is asked for");
  const answer = concat([136, 0, 0, 0], u32(0x60000000), ipBytes("fd00::2"), [2, 1], [0x52, 0x54, 0, 0, 0, 0x99]);
  n.icmpv6("fd00::2", "fd00::1", answer);
  const [error] = n.takeIp(58);
  assert.deepEqual([...(error?.payload.subarray(0, 2) ?? [])], [1, 4]);
});

test("RFC 1122 §4.1.3.3: an unreachable port is told to a connected socket", () => {
  const n = pair();
  const handle = n.host.wasm.udpOpen(0n, ANY4, 5000, 0, 0);
  const { high, low } = parseAddress(THEM);
  assert.equal(n.host.wasm.udpConnect(handle, high, low, 53), 0);
  n.host.call((w) => w.udpSend(handle, high, low, 53, 4));
  const [sent] = n.takeIp(17);
  const original = ipFrame(0n, 0n, { source: US, destination: THEM, protocol: 17 }, sent?.payload ?? new Uint8Array(0));
  n.icmp(THEM, US, concat([3, 3, 0, 0], u32(0), original.subarray(14)));
  assert.equal(n.host.wasm.udpError(handle), 111);
});

test("RFC 768: a wrong checksum is dropped, none at all is allowed for IPv4 only", () => {
  const n = pair();
  const handle = n.host.wasm.udpOpen(0n, 0n, 5000, 1, 0);
  const plain = concat(u16(999), u16(5000), u16(9), [0, 0], [7]);
  n.inject(ipFrame(n.host.hardware, STATION, { source: THEM, destination: US, protocol: 17 }, plain));
  assert.deepEqual(datagram(n, handle), Uint8Array.of(7));
  n.inject(ipFrame(n.host.hardware, STATION, { source: "fd00::2", destination: "fd00::1", protocol: 17 }, plain));
  assert.equal(datagram(n, handle), null);
  const wrong = concat(u16(999), u16(5000), u16(9), [0x12, 0x34], [7]);
  n.inject(ipFrame(n.host.hardware, STATION, { source: THEM, destination: US, protocol: 17 }, wrong));
  assert.equal(datagram(n, handle), null);
  assert.equal(n.host.counter("UDP_IN_CHECKSUM_ERRORS"), 2);
});

test("a card that cannot keep up holds senders back, and they hear when it can; the loopback is not its business", () => {
  const n = pair();
  const w = n.host.wasm;
  const handle = w.udpOpen(0n, ANY4, 5000, 0, 0);
  const closed = w.udpOpen(0n, ANY4, 5001, 0, 0);
  const local = w.udpOpen(0n, ANY4, 5002, 0, 0);
  const [them, us] = [parseAddress(THEM), parseAddress(US)];
  for (const one of [handle, closed]) n.host.call(() => w.udpSend(one, them.high, them.low, 9, 10));
  n.host.call(() => w.udpSend(local, us.high, us.low, 5000, 10));
  w.setCongested(1);
  assert.equal(w.udpHeldBack(handle), 1);
  assert.equal(w.udpHeldBack(closed), 1);
  assert.equal(w.udpHeldBack(local), 0);
  w.udpClose(closed);
  n.host.takeEvents();
  n.advance(100);
  assert.ok(!n.host.takeEvents().includes("writable"), "there is no room yet");
  w.setCongested(0);
  n.advance(100);
  assert.deepEqual(
    n.host.takeEvents().filter((event) => event === "writable"),
    ["writable"],
  );
  assert.equal(w.udpHeldBack(handle), 0);
});

test("unread datagrams are bounded", () => {
  const n = pair();
  n.host.wasm.udpOpen(0n, ANY4, 5000, 0, 0);
  for (let i = 0; i < 2000; i++) n.udp(THEM, US, [999, 5000], new Uint8Array(100));
  assert.ok(n.host.wasm.headsUsed() <= 110, `${n.host.wasm.headsUsed()} heads`);
  assert.ok(n.host.counter("UDP_RECEIVE_BUFFER_ERRORS") > 1800);
});

for (const [family, us, them] of [
  ["IPv4", US, THEM],
  ["IPv6", "fd00::1", "fd00::2"],
] as const) {
  test(`${family}: what the stack cuts up, it puts together again, in any order`, () => {
    const n = pair();
    const receiver = n.host.wasm.udpOpen(0n, 0n, 5000, 1, 0);
    const payload = Uint8Array.from({ length: 9000 }, (_, i) => (i * 7) & 0xff);
    let at = 0;
    n.host.source = (_handle, into) => {
      into.set(payload.subarray(at, at + into.length));
      at += into.length;
    };
    if (family === "IPv6") {
      const answer = concat([136, 0, 0, 0], u32(0x60000000), ipBytes(them), [2, 1], [0x52, 0x54, 0, 0, 0, 0x99]);
      const { high, low } = parseAddress(them);
      n.host.call((w) => w.udpSend(receiver, high, low, 1, 1));
      at = 0;
      n.icmpv6(them, us, answer);
      n.take();
    }
    const { high, low } = parseAddress(them);
    assert.equal(
      n.host.call((w) => w.udpSend(receiver, high, low, 5000, payload.length)),
      0,
    );
    const pieces = n.take();
    assert.ok(pieces.length >= 7, `${pieces.length} fragments`);
    // Send them back, from them to us, last first.
    for (const piece of pieces.reverse()) {
      const fields = {
        source: them,
        destination: us,
        protocol: piece.ip?.protocol ?? 0,
        identification: 77,
        ...(piece.fragment !== undefined && { fragment: piece.fragment }),
      };
      n.inject(ipFrame(n.host.hardware, STATION, fields, piece.payload));
    }
    assert.deepEqual(datagram(n, receiver), payload);
    assert.equal(n.host.counter("IP_REASSEMBLY_OK"), 1);
    assert.equal(n.host.wasm.headsUsed(), 0);
    assert.equal(n.host.wasm.chunksUsed(), 0);
  });
}

function fragment(n: Neighbour, identity: number, offset: number, length: number, more: boolean): void {
  const fields = {
    source: THEM,
    destination: US,
    protocol: 17,
    identification: identity,
    fragment: (offset >> 3) | (more ? 0x2000 : 0),
  };
  n.inject(ipFrame(n.host.hardware, STATION, fields, new Uint8Array(length)));
}

test("RFC 5722: fragments that overlap end their datagram", () => {
  const n = pair();
  fragment(n, 5, 0, 800, true);
  fragment(n, 5, 400, 800, true);
  fragment(n, 5, 1200, 100, false);
  assert.equal(n.host.counter("IP_REASSEMBLY_OK"), 0);
  assert.ok(n.host.counter("IP_REASSEMBLY_FAILS") > 0);
});

test("RFC 791: fragments that reach beyond 65535 bytes, or are odd, are dropped", () => {
  const n = pair();
  fragment(n, 6, 65528, 100, false);
  fragment(n, 7, 0, 801, true);
  assert.equal(n.host.wasm.headsUsed(), 0);
});

test("fragments without end: bounded in number and memory, and forgotten after thirty seconds", () => {
  const n = pair();
  for (let i = 0; i < 5000; i++) fragment(n, i & 0xffff, 8 * (i & 127), 8, true);
  assert.ok(n.host.wasm.headsUsed() <= 2048, `${n.host.wasm.headsUsed()} heads`);
  n.advance(31_000);
  assert.equal(n.host.wasm.headsUsed(), 0);
  assert.ok(n.host.counter("IP_REASSEMBLY_TIMEOUTS") > 0);
});

test("RFC 792: an echo is answered with its data; not to a broadcast", () => {
  const n = pair();
  const echo = concat([8, 0, 0, 0], u16(1), u16(2), [1, 2, 3, 4, 5]);
  n.icmp(THEM, US, echo);
  const [answer] = n.takeIp(1);
  assert.deepEqual([...(answer?.payload.subarray(4) ?? [])], [...echo.subarray(4)]);
  assert.equal(answer?.payload[0], 0);
  n.icmp(THEM, "10.0.0.255", echo, 0xffff_ffff_ffffn);
  assert.deepEqual(n.takeIp(1), []);
});

test("RFC 1812 §4.3.2.8: errors are rationed", () => {
  const n = pair();
  for (let i = 0; i < 500; i++) n.udp(THEM, US, [999, 6000 + i], Uint8Array.of(1));
  assert.equal(n.takeIp(1).length, 50);
  assert.ok(n.host.counter("ICMP_OUT_RATE_LIMITED") >= 450);
});

test("RFC 1122 §3.2.2: no error about an error, a broadcast, or a source that is none", () => {
  const n = pair();
  n.icmp(THEM, US, concat([3, 3, 0, 0], u32(0), new Uint8Array(28)));
  n.udp(THEM, "10.0.0.255", [9, 6000], Uint8Array.of(1), 0xffff_ffff_ffffn);
  n.udp("0.0.0.0", US, [9, 6000], Uint8Array.of(1));
  n.udp("224.0.0.1", US, [9, 6000], Uint8Array.of(1));
  n.udp("127.0.0.1", US, [9, 6000], Uint8Array.of(1));
  n.udp(US, US, [9, 6000], Uint8Array.of(1));
  assert.deepEqual(n.takeIp(1), []);
});

test("RFC 7126: source routing is not followed", () => {
  const n = pair();
  const payload = concat(u16(9), u16(6000), u16(9), [0, 0], [1]);
  const frame = ipFrame(n.host.hardware, STATION, { source: THEM, destination: US, protocol: 17 }, payload);
  const options = concat([131, 7, 4], ipBytes("10.0.0.9"), [0]);
  const header = concat(frame.subarray(14, 34));
  header[0] = 0x47;
  header.set(u16(20 + 8 + payload.length), 2);
  header.set([0, 0], 10);
  const whole = concat(header, options);
  let sum = 0;
  for (let i = 0; i < whole.length; i += 2) sum += ((whole[i] ?? 0) << 8) | (whole[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  whole.set(u16(~sum & 0xffff), 10);
  n.inject(concat(frame.subarray(0, 14), whole, payload));
  assert.equal(n.host.counter("IP_IN_HEADER_ERRORS"), 1);
});

test("RFC 8200 §4.2: an unknown option that asks for it is complained about; extension headers are walked", () => {
  const n = pair();
  const receiver = n.host.wasm.udpOpen(0n, 0n, 5000, 1, 0);
  const payload = concat(u16(999), u16(5000), u16(9), [0, 0], [7]);
  // The checksum is over the pseudo-header with UDP as protocol: borrow it from a plain packet.
  const right = ipFrame(1n, 1n, { source: "fd00::2", destination: "fd00::1", protocol: 17 }, payload, 6).subarray(54);
  const options = concat([17, 0, 1, 4, 0, 0, 0, 0]);
  n.inject(
    ipFrame(
      n.host.hardware,
      STATION,
      { source: "fd00::2", destination: "fd00::1", protocol: 60 },
      concat(options, right),
    ),
  );
  assert.deepEqual(datagram(n, receiver), Uint8Array.of(7));
  const unknown = concat([17, 0, 0x80 | 30, 4, 0, 0, 0, 0]);
  n.inject(
    ipFrame(
      n.host.hardware,
      STATION,
      { source: "fd00::2", destination: "fd00::1", protocol: 60 },
      concat(unknown, right),
    ),
  );
  assert.equal(datagram(n, receiver), null);
  assert.equal(n.host.counter("IP_IN_HEADER_ERRORS"), 1);
});

test("RFC 3376, RFC 3810: joining a group is reported twice, its datagrams are taken, leaving ends that", () => {
  const n = pair();
  const handle = n.host.wasm.udpOpen(0n, ANY4, 5353, 0, 1);
  const group = parseAddress("224.0.0.251");
  n.udp(THEM, "224.0.0.251", [5353, 5353], Uint8Array.of(1), 0x01005e0000fbn);
  assert.equal(datagram(n, handle), null);
  assert.equal(
    n.host.call((w) => w.udpJoin(handle, group.high, group.low)),
    0,
  );
  n.advance(1500);
  const reports = n.takeIp(2);
  assert.equal(reports.length, 2);
  assert.equal(reports[0]?.payload[0], 0x22);
  n.udp(THEM, "224.0.0.251", [5353, 5353], Uint8Array.of(9), 0x01005e0000fbn);
  assert.deepEqual(datagram(n, handle), Uint8Array.of(9));
  n.host.call((w) => w.udpLeave(handle, group.high, group.low));
  n.udp(THEM, "224.0.0.251", [5353, 5353], Uint8Array.of(9), 0x01005e0000fbn);
  assert.equal(datagram(n, handle), null);
  const six = n.host.wasm.udpOpen(0n, 0n, 5353, 1, 1);
  const group6 = parseAddress("ff02::fb");
  n.take();
  n.host.call((w) => w.udpJoin(six, group6.high, group6.low));
  n.advance(1500);
  const mld = n.take().filter((frame) => frame.ip?.protocol === 0);
  assert.equal(mld.length, 2);
  assert.equal(mld[0]?.destination, groupStation("ff02::16").toString(16).padStart(12, "0"));
});

test("a broadcast reaches every socket of its port", () => {
  const n = pair();
  const first = n.host.wasm.udpOpen(0n, ANY4, 5000, 0, 1);
  const second = n.host.wasm.udpOpen(0n, ANY4, 5000, 0, 1);
  n.udp(THEM, "10.0.0.255", [9, 5000], Uint8Array.of(4), 0xffff_ffff_ffffn);
  assert.deepEqual(datagram(n, first), Uint8Array.of(4));
  assert.deepEqual(datagram(n, second), Uint8Array.of(4));
});

test("the machine talks to itself: TCP and UDP over loopback, both families, a megabyte without a copy on the wire", () => {
  const n = pair({ features: Feature.ALL });
  for (const address of ["127.0.0.1", "::1", US]) {
    const listener = n.host.listen(address === "::1" ? 81 : address === US ? 82 : 80);
    const port = address === "::1" ? 81 : address === US ? 82 : 80;
    const client = n.host.connect(address, port);
    n.advance(1);
    const server = n.host.accept(listener);
    assert.ok(server >= 0, `no connection over ${address}`);
    let written = 0;
    let read = 0;
    for (let i = 0; i < 10_000 && read < 1_000_000; i++) {
      written += n.host.write(client, 1_000_000 - written);
      n.advance(0);
      read += n.host.read(server);
      if (i % 4 === 0) n.advance(1);
    }
    assert.equal(read, 1_000_000, `over ${address}`);
    n.host.call((w) => w.tcpClose(client, 0));
    n.host.call((w) => w.tcpClose(server, 0));
    n.advance(100);
  }
  assert.deepEqual(n.takeIp(6), []);
  n.advance(70_000);
  assert.equal(n.host.wasm.headsUsed(), 0);
  assert.equal(n.host.wasm.chunksUsed(), 0);
});

test("bind: a dual-stack wildcard collides with an IPv4 one, IPV6_V6ONLY does not, SO_REUSEPORT shares", () => {
  const n = pair();
  assert.ok(n.host.listen(8000) >= 0);
  assert.equal(n.host.listen(8000, { address: "0.0.0.0" }), -98);
  assert.ok(n.host.listen(8001, { v6Only: true }) >= 0);
  assert.ok(n.host.listen(8001, { address: "0.0.0.0" }) >= 0);
  assert.equal(n.host.listen(8001, { address: US }), -98);
  assert.ok(n.host.listen(8002, { reusePort: true }) >= 0);
  assert.ok(n.host.listen(8002, { reusePort: true }) >= 0);
  assert.equal(n.host.listen(8002), -98);
});
