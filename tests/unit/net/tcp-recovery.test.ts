// Loss: SACK (RFC 2018, RFC 2883, RFC 6675), RACK and TLP (RFC 8985), timeouts (RFC 6298), Reno without SACK (RFC 6582),
// spurious timeouts (RFC 3522), slow start and CUBIC (RFC 5681, RFC 9438).

import assert from "node:assert/strict";
import { test } from "node:test";
import { Network } from "../../../simulator/wire.ts";
import { Dialogue } from "./dialogue.ts";
import { Feature, Figure, Host, Option } from "./host.ts";

const SEGMENT = 1460;

/** A connection with a measured round trip of `ms` and `segments` full segments in flight. */
function inFlight(segments: number, ms: number, options: { sack?: boolean; timestamps?: boolean } = {}): Dialogue {
  const t = new Dialogue();
  t.listen();
  t.synchronize(options);
  t.advance(ms);
  t.send("A");
  t.handle = t.host.accept(t.listener);
  const size = options.timestamps ? SEGMENT - 12 : SEGMENT;
  t.write(segments * size);
  for (let i = 0; i < segments; i++) t.expect("A", { seq: i * size, data: size });
  t.silence();
  t.advance(ms);
  return t;
}

test("RFC 2018 §3: data out of order is reported, the latest block first", () => {
  const t = new Dialogue().accepted();
  t.send("A", { seq: 1000, data: 100 });
  t.expect("A", { ack: 0, options: { sack: [[1000, 1100]] } });
  t.send("A", { seq: 2000, data: 100 });
  t.expect("A", {
    ack: 0,
    options: {
      sack: [
        [2000, 2100],
        [1000, 1100],
      ],
    },
  });
  t.send("A", { seq: 1100, data: 100 });
  t.expect("A", {
    ack: 0,
    options: {
      sack: [
        [1000, 1200],
        [2000, 2100],
      ],
    },
  });
  t.send("A", { seq: 0, data: 1000 });
  t.expect("A", { ack: 1200, options: { sack: [[2000, 2100]] } });
});

test("RFC 2018 §3: at most three blocks beside timestamps", () => {
  const t = new Dialogue().accepted({ timestamps: true });
  for (let i = 1; i <= 5; i++) t.send("A", { seq: i * 1000, data: 100 });
  const last = t.forget().at(-1);
  assert.equal(last?.options.sack?.length, 3);
});

test("RFC 2883 §4: a segment that came twice is reported as the first block", () => {
  const t = new Dialogue().accepted();
  t.send("A", { seq: 0, data: 100 });
  t.forget();
  t.send("A", { seq: 0, data: 100 });
  t.expect("A", { ack: 100, options: { sack: [[0, 100]] } });
});

test("overlapping segments are joined, each byte taken once", () => {
  const t = new Dialogue().accepted();
  t.send("A", { seq: 50, data: 100 });
  t.send("A", { seq: 120, data: 100 });
  t.send("A", { seq: 40, data: 30 });
  t.send("A", { seq: 0, data: 300 });
  assert.equal(t.read(), 300);
  t.send("A", { seq: 200, data: 150 });
  assert.equal(t.read(), 50);
});

test("RFC 8985 §6.2: three segments SACKed behind a hole mark it lost, and only it is sent again", () => {
  const t = inFlight(8, 50);
  t.send("A", { ack: 0, options: { sack: [[SEGMENT, 2 * SEGMENT]] } });
  t.send("A", { ack: 0, options: { sack: [[SEGMENT, 3 * SEGMENT]] } });
  t.silence();
  t.send("A", { ack: 0, options: { sack: [[SEGMENT, 4 * SEGMENT]] } });
  t.expect("A", { seq: 0, data: SEGMENT });
  t.silence();
  t.advance(50);
  t.forget();
  t.send("A", { ack: 8 * SEGMENT });
  assert.equal(t.host.figure(t.handle, Figure.OUTSTANDING), 0);
  assert.equal(t.host.counter("TCP_RETRANSMITTED_SEGMENTS"), 1);
  assert.equal(t.host.counter("TCP_SACK_RECOVERIES"), 1);
});

test("RFC 8985 §6.2 step 5: with one segment SACKed, the reordering window passes before the hole is lost", () => {
  const t = inFlight(4, 80);
  t.send("A", { ack: 0, options: { sack: [[SEGMENT, 2 * SEGMENT]] } });
  t.silence();
  t.advance(10);
  t.silence();
  // A quarter of the round trip, 20 ms, after the time it should have taken.
  t.advance(15);
  t.expect("A", { seq: 0, data: SEGMENT });
});

test("RFC 8985 §6: a lost retransmission is found when a later segment is acknowledged", () => {
  const t = inFlight(10, 50);
  t.send("A", { ack: 0, options: { sack: [[SEGMENT, 5 * SEGMENT]] } });
  t.expect("A", { seq: 0, data: SEGMENT });
  t.host.write(t.handle, 3 * SEGMENT);
  t.advance(50);
  t.send("A", { ack: 0, options: { sack: [[SEGMENT, 10 * SEGMENT]] } });
  t.forget();
  t.advance(60);
  // New data sent after the retransmission arrives: the retransmission did not.
  t.send("A", { ack: 0, options: { sack: [[SEGMENT, 12 * SEGMENT]] } });
  t.advance(30);
  assert.ok(
    t.forget().some((segment) => segment.sequence === (t.initial + 1) >>> 0),
    "the first segment is sent a third time",
  );
});

test("RFC 8985 §7.3: the tail is probed after two round trips, long before the timeout", () => {
  const t = inFlight(3, 100);
  t.send("A", { ack: SEGMENT });
  t.advance(190);
  t.silence();
  t.advance(20);
  // The last segment again.
  t.expect("A", { seq: 2 * SEGMENT, data: SEGMENT });
  assert.equal(t.host.counter("TCP_LOSS_PROBES"), 1);
  t.advance(100);
  t.send("A", { ack: SEGMENT, options: { sack: [[2 * SEGMENT, 3 * SEGMENT]] } });
  t.advance(30);
  t.expect("A", { seq: SEGMENT, data: SEGMENT });
  t.send("A", { ack: 3 * SEGMENT });
  t.silence();
  assert.equal(t.host.counter("TCP_TIMEOUTS"), 0);
});

test("RFC 6298 §5: the timeout doubles, and the first segment is repeated alone", () => {
  const t = inFlight(3, 100, { sack: false });
  let last = 100;
  const times: number[] = [];
  for (let ms = 100; ms < 8000 && times.length < 4; ms += 10) {
    t.advance(10);
    const sent = t.forget();
    if (sent.length === 0) continue;
    assert.equal(sent.length, 1);
    assert.equal(sent[0]?.sequence, (t.initial + 1) >>> 0);
    times.push(ms - last);
    last = ms;
  }
  const [first = 0, second = 0, third = 0] = times;
  assert.ok(Math.abs(second - 2 * (first + 100)) <= 40 || Math.abs(second - 2 * first) <= 120, `${times}`);
  assert.ok(Math.abs(third - 2 * second) <= 40, `${times}`);
});

test("RFC 5681 §3.1: after a timeout the window is one segment", () => {
  const t = inFlight(6, 50, { sack: false });
  t.advance(1000);
  assert.equal(t.host.figure(t.handle, Figure.WINDOW), SEGMENT);
  assert.ok(t.host.figure(t.handle, Figure.THRESHOLD) >= 2 * SEGMENT);
});

test("RFC 6582: without SACK three duplicates start recovery, a partial acknowledgment repeats the next hole", () => {
  const t = inFlight(8, 50, { sack: false });
  t.send("A", { ack: SEGMENT });
  t.forget();
  for (let i = 0; i < 2; i++) t.send("A", { ack: SEGMENT });
  t.silence();
  t.send("A", { ack: SEGMENT });
  t.expect("A", { seq: SEGMENT, data: SEGMENT });
  t.advance(50);
  t.forget();
  t.send("A", { ack: 4 * SEGMENT });
  assert.ok(
    t.forget().some((segment) => segment.sequence === (t.initial + 1 + 4 * SEGMENT) >>> 0),
    "the next hole is sent again",
  );
  t.send("A", { ack: 8 * SEGMENT });
  assert.equal(t.host.figure(t.handle, Figure.OUTSTANDING), 0);
});

test("RFC 3522: an echo older than the retransmission shows the timeout to have been needless, and the window returns", () => {
  const t = inFlight(4, 100, { timestamps: true });
  const before = t.host.figure(t.handle, Figure.WINDOW);
  const stale = t.lastTimestamp;
  t.advance(3000);
  t.forget();
  assert.ok(t.host.counter("TCP_TIMEOUTS") > 0);
  t.send("A", { ack: 2 * (SEGMENT - 12), options: { timestamps: [t.peerClock, stale] } });
  assert.equal(t.host.counter("TCP_SPURIOUS_TIMEOUTS"), 1);
  assert.ok(t.host.figure(t.handle, Figure.WINDOW) >= before);
});

test("RFC 6928, RFC 5681 §3.1: ten segments at first, doubled each round trip in slow start", () => {
  const t = new Dialogue();
  t.listen();
  t.synchronize({ scale: 10 });
  t.advance(50);
  t.send("A");
  t.handle = t.host.accept(t.listener);
  t.host.write(t.handle, 60_000);
  t.advance(50);
  assert.equal(t.forget().length, 10);
  t.send("A", { ack: 10 * SEGMENT });
  t.host.write(t.handle, 60_000);
  t.advance(0);
  assert.equal(t.forget().length, 20);
});

/** Throughput over a line of 20 Mbit/s and 40 ms, with a queue of half its product, in megabits a second. */
function throughput(reno: boolean, lossPerMille: number): number {
  const network = new Network(7, { bitsPerSecond: 20_000_000, delayMs: 20, queueBytes: 50_000, lossPerMille });
  const client = new Host({ seed: 1, hardware: 0x525400000001n, features: Feature.ALL, ramMegabytes: 64 });
  const server = new Host({ seed: 2, hardware: 0x525400000002n, ramMegabytes: 64 });
  network.add(client);
  network.add(server);
  client.addStatic("10.0.0.1", 24);
  server.addStatic("10.0.0.2", 24);
  const listener = server.listen(80);
  const connection = client.connect("10.0.0.2", 80, { option: reno ? Option.RENO : -1, value: 1 });
  let accepted = -1;
  let got = 0;
  server.sink = (_handle, bytes) => {
    got += bytes.length;
  };
  const startNs = network.nowNs;
  const each = (): void => {
    if (accepted < 0) accepted = server.accept(listener);
    client.write(connection, 1_000_000);
    if (accepted >= 0) server.read(accepted);
  };
  network.run({ untilMs: 10_000, each });
  return (got * 8) / Number((network.nowNs - startNs) / 1000n);
}

test("RFC 9438: CUBIC fills a line of 20 Mbit/s, and no less than Reno", () => {
  const cubic = throughput(false, 0);
  const reno = throughput(true, 0);
  assert.ok(cubic > 15, `CUBIC reached ${cubic.toFixed(1)} Mbit/s`);
  assert.ok(cubic > reno * 0.95, `CUBIC ${cubic.toFixed(1)}, Reno ${reno.toFixed(1)} Mbit/s`);
});

test("one packet lost of a thousand leaves most of the line in use", () => {
  const cubic = throughput(false, 1);
  assert.ok(cubic > 5, `${cubic.toFixed(1)} Mbit/s`);
});
