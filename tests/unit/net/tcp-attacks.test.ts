// What must not harm a connection: blind resets and data (RFC 5961), old duplicates (RFC 7323, RFC 1337, RFC 6191),
// floods (RFC 4987), forged ICMP (RFC 5927), greedy and silent peers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Dialogue, LOCAL_IP, PEER, PEER_INITIAL, PEER_IP } from "./dialogue.ts";
import { concat, ipFrame, ipPacket, tcpHeader, u16, u32 } from "./frames.ts";
import { Figure, Option, State } from "./host.ts";

test("RFC 5961 §3.2: a reset inside the window but not at its edge brings a challenge", () => {
  const t = new Dialogue().accepted();
  t.send("R", { seq: 100 });
  t.expect("A", { seq: 0, ack: 0 });
  assert.equal(t.state, State.ESTABLISHED);
  t.send("R", { seq: 70_000 });
  t.silence();
  assert.equal(t.state, State.ESTABLISHED);
});

test("RFC 5961 §4.2: a SYN on a connection brings a challenge, wherever it points", () => {
  for (const seq of [0, 100, 500_000]) {
    const t = new Dialogue().accepted();
    t.send("S", { seq });
    t.expect("A", { seq: 0, ack: 0 });
    assert.equal(t.state, State.ESTABLISHED);
  }
});

test("RFC 5961 §5.2: data with an acknowledgment of what was never sent, or long ago, is not taken", () => {
  const t = new Dialogue().accepted();
  t.send("A", { seq: 0, ack: 1000, data: 10 });
  t.expect("A", { ack: 0 });
  t.advance(1000);
  t.send("A", { seq: 0, ack: -200_000, data: 10 });
  t.expect("A", { ack: 0 });
  assert.equal(t.host.figure(t.handle, Figure.UNREAD), 0);
});

test("RFC 5961 §7: challenges are rationed", () => {
  const t = new Dialogue().accepted();
  for (let i = 0; i < 50; i++) t.send("R", { seq: 100 });
  assert.equal(t.forget().length, 1);
  t.advance(600);
  t.send("R", { seq: 100 });
  assert.equal(t.forget().length, 1);
  assert.ok(t.host.counter("TCP_CHALLENGE_ACKS_LIMITED") >= 49);
});

test("RFC 7323 §5.3 PAWS: an old duplicate that fits the window is dropped", () => {
  const t = new Dialogue().accepted({ timestamps: true });
  t.advance(100);
  t.send("A", { seq: 0, data: 100 });
  t.forget();
  t.send("A", { seq: 100, data: 100, options: { timestamps: [900, t.lastTimestamp] } });
  assert.equal(t.host.figure(t.handle, Figure.UNREAD), 100);
  assert.equal(t.host.counter("TCP_PAWS_DROPS"), 1);
});

test("RFC 7323 §3.2: once agreed on, a segment without timestamps is dropped, but not a reset", () => {
  const t = new Dialogue().accepted({ timestamps: true });
  t.send("A", { seq: 0, data: 10, bare: true });
  assert.equal(t.host.figure(t.handle, Figure.UNREAD), 0);
  t.send("R", { seq: 0, bare: true });
  assert.equal(t.state, State.CLOSED);
});

test("RFC 7323 §4.3: the timestamp echoed is that of the oldest segment not acknowledged yet", () => {
  const t = new Dialogue().accepted({ timestamps: true });
  t.send("A", { seq: 0, data: 10 });
  t.forget();
  t.read();
  t.write(5);
  t.forget();
  t.send("A", { seq: 10, ack: 5, data: 10, options: { timestamps: [5000, t.lastTimestamp] } });
  t.send("A", { seq: 20, ack: 5, data: 10, options: { timestamps: [5007, t.lastTimestamp] } });
  t.advance(50);
  const answer = t.expect("A", { ack: 30 });
  assert.equal(answer.options.timestamps?.[1], 5000);
});

function intoTimeWait(timestamps: boolean): Dialogue {
  const t = new Dialogue().accepted({ timestamps });
  t.shutdown();
  t.send("FA", { seq: 0, ack: 1 });
  t.forget();
  assert.equal(t.state, State.TIME_WAIT);
  return t;
}

test("RFC 1337: a reset does not end TIME-WAIT", () => {
  const t = intoTimeWait(false);
  t.send("R", { seq: 1 });
  assert.equal(t.host.wasm.tableLength(), 1);
});

test("RFC 6191: a SYN with a later timestamp, or a higher number, opens anew in TIME-WAIT; an older one does not", () => {
  const later = intoTimeWait(true);
  later.advance(100);
  later.sendRaw({ flags: "S", sequence: PEER_INITIAL - 5000, options: { timestamps: [later.peerClock, 0] } });
  assert.equal(later.forget().at(-1)?.flags, "SA");
  const older = intoTimeWait(true);
  older.sendRaw({ flags: "S", sequence: PEER_INITIAL - 5000, options: { timestamps: [10, 0] } });
  assert.notEqual(older.forget().at(-1)?.flags, "SA");
  const higher = intoTimeWait(false);
  higher.sendRaw({ flags: "S", sequence: (PEER_INITIAL + 100_000) >>> 0 });
  assert.equal(higher.forget().at(-1)?.flags, "SA");
  const lower = intoTimeWait(false);
  lower.sendRaw({ flags: "S", sequence: PEER_INITIAL - 100_000 });
  assert.notEqual(lower.forget().at(-1)?.flags, "SA");
});

test("RFC 4987: under a flood the listener answers with cookies, keeps no more state, and real peers get through", () => {
  const t = new Dialogue({ ramMegabytes: 64 });
  t.listen(16);
  for (let i = 0; i < 3000; i++) {
    t.port = 1024 + (i % 60000);
    t.sendRaw({ flags: "S", sequence: i * 1000, options: { mss: 1460, sackPermitted: true } });
  }
  t.forget();
  assert.ok(t.host.wasm.tableLength() <= 16, `${t.host.wasm.tableLength()} half-open connections`);
  assert.ok(t.host.counter("TCP_SYN_COOKIES_SENT") > 2900);
  t.port = 65000;
  const answer = t.synchronize({ timestamps: true, scale: 9 });
  assert.ok(answer.options.timestamps);
  t.send("A", { data: 100 });
  t.handle = t.host.accept(t.listener);
  assert.ok(t.handle >= 0, "the cookie was not taken");
  assert.equal(t.read(), 100);
  t.write(5000);
  const sent = t.forget().reduce((sum, segment) => sum + segment.payload.length, 0);
  assert.equal(sent, 5000);
  assert.equal(t.host.figure(t.handle, Figure.SEGMENT), 1448);
});

test("a made-up acknowledgment is no cookie", () => {
  const t = new Dialogue();
  t.listen(1);
  for (let i = 0; i < 40; i++) {
    t.port = 1024 + i;
    t.sendRaw({ flags: "S", sequence: i * 1000 });
  }
  t.forget();
  for (let i = 0; i < 200; i++) {
    t.port = 5000 + i;
    t.sendRaw({ flags: "A", sequence: 77, acknowledgment: (i * 7919 * 65537) >>> 0 });
  }
  assert.equal(t.host.accept(t.listener), -1);
});

test("a peer that sends single bytes cannot fill memory with packets", () => {
  const t = new Dialogue().accepted();
  for (let i = 0; i < 5000; i++) t.send("A", { seq: i, data: 1 });
  t.forget();
  assert.equal(t.host.figure(t.handle, Figure.UNREAD), 5000);
  assert.ok(t.host.wasm.headsUsed() < 10, `${t.host.wasm.headsUsed()} heads`);
});

test("a peer that fills holes far ahead is limited to the window", () => {
  const t = new Dialogue({ ramMegabytes: 64 }).accepted({ scale: 7 });
  for (let i = 0; i < 20_000; i++) t.send("A", { seq: 2 + i * 4, data: 2, bare: true });
  t.forget();
  assert.ok(t.host.wasm.headsUsed() <= 400, `${t.host.wasm.headsUsed()} heads`);
  assert.equal(t.state, State.ESTABLISHED);
  // What was kept may have been given up again; the stream goes on all the same.
  t.send("A", { seq: 0, data: 6 });
  assert.ok(t.host.figure(t.handle, Figure.UNREAD) >= 6);
});

test("a peer that never reads holds no more than the send buffer", () => {
  const t = new Dialogue().accepted({ window: 1000 });
  let written = 0;
  for (let i = 0; i < 100; i++) written += t.host.write(t.handle, 100_000);
  assert.ok(written <= 65536 + 4096, `${written} bytes`);
  t.close();
  // Nobody takes the data and nobody holds the socket: it does not stay for ever.
  t.advance(1_200_000);
  t.forget();
  assert.equal(t.host.wasm.tableLength(), 0);
  assert.equal(t.host.wasm.chunksUsed(), 0);
});

test("peers whose data nobody reads fill their share of memory; others are still served", () => {
  const t = new Dialogue({ ramMegabytes: 64 });
  t.host.wasm.setHeadsLimit(512);
  t.listen(200);
  const unread: number[] = [];
  for (let i = 0; i < 40; i++) {
    t.port = 42_000 + i;
    t.accepted();
    unread.push(t.handle);
    for (let j = 0; j < 20; j++) t.send("A", { seq: j * 1460, data: 1460 });
    t.forget();
  }
  assert.ok(t.host.wasm.headsUsed() <= 480, `${t.host.wasm.headsUsed()} of 512 packet heads`);
  assert.ok(t.host.counter("TCP_RECEIVE_BUFFER_DROPS") > 0);
  t.port = 50_000;
  t.accepted();
  t.send("A", { data: 100 });
  assert.equal(t.read(), 100);
  t.write(1000);
  assert.equal(
    t.forget().reduce((sum, segment) => sum + segment.payload.length, 0),
    1000,
  );
  // Reading makes room again.
  for (const handle of unread) t.host.read(handle);
  assert.ok(t.host.wasm.headsUsed() < 10);
});

/** An ICMP error that quotes a segment of the stack's. */
function icmpAbout(t: Dialogue, type: number, code: number, sequence: number, mtu = 0): void {
  const quoted = tcpHeader({
    sourcePort: t.localPort,
    destinationPort: t.port,
    sequence: (t.initial + 1 + sequence) >>> 0,
    acknowledgment: 0,
    flags: "A",
    window: 0,
    urgent: 0,
    options: {},
    payload: new Uint8Array(0),
  });
  const original = ipPacket({ source: LOCAL_IP, destination: PEER_IP, protocol: 6 }, quoted);
  const message = concat([type, code, 0, 0], mtu ? [0, 0, ...u16(mtu)] : u32(0), original);
  t.inject(ipFrame(t.host.hardware, PEER, { source: PEER_IP, destination: LOCAL_IP, protocol: 1 }, message, 2));
}

test("RFC 5927 §4.1, §5: unreachable messages do not end an established connection", () => {
  const t = new Dialogue().accepted();
  t.write(10);
  t.forget();
  icmpAbout(t, 3, 3, 0);
  icmpAbout(t, 3, 1, 0);
  assert.equal(t.state, State.ESTABLISHED);
});

test("RFC 1191: a path that takes less makes segments smaller, and what did not pass is sent again", () => {
  const t = new Dialogue().accepted();
  t.write(1460);
  t.expect("A", { seq: 0, data: 1460 });
  icmpAbout(t, 3, 4, 0, 1000);
  t.expect("A", { seq: 0, data: 960 });
  t.expect("A", { seq: 960, data: 500 });
  assert.equal(t.host.figure(t.handle, Figure.SEGMENT), 960);
});

test('RFC 5927 §7: a forged "too big" about what is not in flight changes nothing', () => {
  const t = new Dialogue().accepted();
  t.write(10);
  t.forget();
  icmpAbout(t, 3, 4, 500_000, 600);
  assert.equal(t.host.figure(t.handle, Figure.SEGMENT), 1460);
});

test("an unreachable port refuses a connection attempt", () => {
  const t = new Dialogue();
  t.handle = t.host.connect(PEER_IP, 9000);
  t.advance(0);
  const syn = t.takeSyn("S");
  const quoted = tcpHeader({ ...syn, options: {}, payload: new Uint8Array(0) });
  const original = ipPacket({ source: LOCAL_IP, destination: PEER_IP, protocol: 6 }, quoted);
  const message = concat([3, 3, 0, 0], u32(0), original);
  t.inject(ipFrame(t.host.hardware, PEER, { source: PEER_IP, destination: LOCAL_IP, protocol: 1 }, message, 2));
  assert.equal(t.state, State.CLOSED);
  assert.equal(t.error, 111);
});

test("RFC 6528: initial numbers of two connections to the same peer tell nothing of one another, and rise with time for the same ports", () => {
  const t = new Dialogue();
  const numbers = new Set<number>();
  for (let i = 0; i < 8; i++) {
    t.listen();
    t.port = 42000 + i;
    numbers.add(t.synchronize().sequence);
    t.host.call((w) => w.tcpCloseListener(t.listener));
    t.forget();
  }
  assert.equal(numbers.size, 8);
  const sorted = [...numbers].sort((a, b) => a - b);
  assert.ok((sorted.at(-1) ?? 0) - (sorted[0] ?? 0) > 0x1000_0000);
});

test("RFC 6056: ports of connections to one peer are in the ephemeral range and do not collide", () => {
  const t = new Dialogue();
  const ports = new Set<number>();
  for (let i = 0; i < 50; i++) {
    const handle = t.host.connect(PEER_IP, 9000);
    const port = t.host.wasm.tcpLocalPort(handle);
    assert.ok(port >= 32768 && port <= 60999);
    ports.add(port);
  }
  assert.equal(ports.size, 50);
});

test("a receive buffer set by hand bounds what is taken", () => {
  const t = new Dialogue();
  t.listen();
  t.host.call((w) => w.tcpListenerOption(t.listener, Option.RECEIVE_BUFFER, 10_000n));
  t.accepted();
  for (let i = 0; i < 20; i++) t.send("A", { seq: i * 1460, data: 1460 });
  assert.ok(t.host.figure(t.handle, Figure.UNREAD) <= 10_000);
});
