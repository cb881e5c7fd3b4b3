// TCP as RFC 9293 has it: opening, closing, windows, resets, urgent data.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Dialogue, PEER_INITIAL } from "./dialogue.ts";
import { Figure, Option, State } from "./host.ts";

const ECONNREFUSED = 111;
const ECONNRESET = 104;
const ETIMEDOUT = 110;
const EPIPE = 32;

test("§3.5 three-way handshake, passive: SYN is answered with SYN-ACK and accepted after the third part", () => {
  const t = new Dialogue();
  t.listen();
  const answer = t.synchronize({ timestamps: true, scale: 7 });
  assert.equal(answer.acknowledgment, (PEER_INITIAL + 1) >>> 0);
  assert.equal(answer.options.mss, 1460);
  assert.equal(answer.options.scale, 7);
  assert.ok(answer.options.sackPermitted);
  assert.ok(answer.options.timestamps);
  assert.equal(t.host.accept(t.listener), -1);
  t.send("A");
  t.handle = t.host.accept(t.listener);
  assert.equal(t.state, State.ESTABLISHED);
  t.silence();
});

test("§3.5 three-way handshake, active", () => {
  const t = new Dialogue().connected({ timestamps: true, scale: 5 });
  assert.equal(t.state, State.ESTABLISHED);
  assert.deepEqual(t.host.takeEvents(), ["writable"]);
});

test("§3.7.1 without an MSS option 536 bytes are sent at a time", () => {
  const t = new Dialogue();
  t.listen();
  t.sendRaw({ flags: "S", sequence: PEER_INITIAL });
  t.takeSyn("SA");
  t.send("A");
  t.handle = t.host.accept(t.listener);
  t.write(1000);
  t.expect("A", { seq: 0, data: 536 });
  t.expect("PA", { seq: 536, data: 464 });
});

test("§3.5 figure 7: simultaneous open ends in one connection", () => {
  const t = new Dialogue();
  t.handle = t.host.connect("10.0.0.2", 9000);
  t.advance(0);
  t.takeSyn("S");
  t.sendRaw({ flags: "S", sequence: PEER_INITIAL, options: { mss: 1460 } });
  assert.equal(t.state, State.SYN_RECEIVED);
  t.expect("SA", { seq: -1, ack: 0 });
  t.sendRaw({ flags: "SA", sequence: PEER_INITIAL, acknowledgment: (t.initial + 1) >>> 0 });
  assert.equal(t.state, State.ESTABLISHED);
  t.forget();
  t.send("A", { seq: 0, data: 10 });
  assert.equal(t.read(), 10);
});

test("§3.8.1 a SYN that is not answered is repeated, ever less often, and then given up", () => {
  const t = new Dialogue();
  t.handle = t.host.connect("10.0.0.2", 9000);
  t.advance(0);
  t.takeSyn("S");
  for (const wait of [1000, 2000, 4000, 8000, 16000, 32000]) {
    t.advance(wait - 5);
    t.silence();
    t.advance(10);
    t.expect("S", { seq: -1 });
    t.advance(-5);
  }
  t.advance(64_010);
  assert.equal(t.state, State.CLOSED);
  assert.equal(t.error, ETIMEDOUT);
});

test("§3.10.7.3 SYN-SENT: a reset that acknowledges our SYN refuses the connection; one that does not is a guess", () => {
  const t = new Dialogue();
  t.handle = t.host.connect("10.0.0.2", 9000);
  t.advance(0);
  t.takeSyn("S");
  t.sendRaw({ flags: "R", sequence: 0 });
  assert.equal(t.state, State.SYN_SENT);
  t.sendRaw({ flags: "RA", sequence: 0, acknowledgment: (t.initial + 7) >>> 0 });
  assert.equal(t.state, State.SYN_SENT);
  t.sendRaw({ flags: "RA", sequence: 0, acknowledgment: (t.initial + 1) >>> 0 });
  assert.equal(t.state, State.CLOSED);
  assert.equal(t.error, ECONNREFUSED);
});

test("§3.10.7.1 a segment for a closed port is reset: with its own acknowledgment as sequence number, or after its end", () => {
  const t = new Dialogue();
  t.sendRaw({ flags: "S", sequence: 5000 });
  const first = t.forget()[0];
  assert.equal(first?.flags, "RA");
  assert.equal(first?.sequence, 0);
  assert.equal(first?.acknowledgment, 5001);
  t.sendRaw({ flags: "A", sequence: 5000, acknowledgment: 7000 });
  const second = t.forget()[0];
  assert.equal(second?.flags, "R");
  assert.equal(second?.sequence, 7000);
  t.sendRaw({ flags: "R", sequence: 5000 });
  t.silence();
});

test("§3.6 normal close, ours first: FIN-WAIT-1, FIN-WAIT-2, TIME-WAIT", () => {
  const t = new Dialogue().accepted();
  t.shutdown();
  t.expect("FA", { seq: 0, ack: 0 });
  assert.equal(t.state, State.FIN_WAIT_1);
  t.send("A", { ack: 1 });
  assert.equal(t.state, State.FIN_WAIT_2);
  t.send("A", { seq: 0, ack: 1, data: 50 });
  assert.equal(t.read(), 50);
  t.forget();
  t.send("FA", { seq: 50, ack: 1 });
  t.expect("A", { seq: 1, ack: 51 });
  assert.equal(t.state, State.TIME_WAIT);
  // The peer's FIN again: it is acknowledged again.
  t.send("FA", { seq: 50, ack: 1 });
  t.expect("A", { seq: 1, ack: 51 });
  assert.equal(t.host.wasm.tableLength(), 1);
  t.advance(60_001);
  assert.equal(t.host.wasm.tableLength(), 0);
});

test("§3.6 normal close, the peer's first: CLOSE-WAIT, LAST-ACK, CLOSED", () => {
  const t = new Dialogue().accepted();
  t.send("FA", { seq: 0, ack: 0 });
  t.expect("A", { seq: 0, ack: 1 });
  assert.equal(t.state, State.CLOSE_WAIT);
  assert.equal(t.host.wasm.tcpEnded(t.handle), 1);
  t.write(20);
  t.expect("PA", { seq: 0, data: 20 });
  t.shutdown();
  t.expect("FA", { seq: 20, ack: 1 });
  assert.equal(t.state, State.LAST_ACK);
  t.send("A", { seq: 1, ack: 21 });
  assert.equal(t.state, State.CLOSED);
  assert.equal(t.error, 0);
  assert.equal(t.host.wasm.tableLength(), 0);
});

test("§3.6 figure 13: simultaneous close goes through CLOSING", () => {
  const t = new Dialogue().accepted();
  t.shutdown();
  t.expect("FA", { seq: 0 });
  t.send("FA", { seq: 0, ack: 0 });
  t.expect("A", { seq: 1, ack: 1 });
  assert.equal(t.state, State.CLOSING);
  t.send("A", { seq: 1, ack: 1 });
  assert.equal(t.state, State.TIME_WAIT);
});

test("§3.10.7.4 simultaneous close: the peer's FIN that comes again acknowledges ours", () => {
  const t = new Dialogue().accepted();
  t.shutdown();
  t.expect("FA", { seq: 0, ack: 0 });
  t.send("FA", { seq: 0, ack: 0 });
  t.expect("A", { seq: 1, ack: 1 });
  assert.equal(t.state, State.CLOSING);
  // Our acknowledgment was lost; the peer has seen our FIN meanwhile. Its FIN is old, what it acknowledges is not.
  t.send("FA", { seq: 0, ack: 1 });
  t.expect("A", { seq: 1, ack: 1 });
  assert.equal(t.state, State.TIME_WAIT);
  t.advance(5000);
  t.silence();
});

test("§3.10.7.4 old data that comes again acknowledges what it says", () => {
  const t = new Dialogue().accepted({ sack: false });
  t.send("PA", { seq: 0, data: 100 });
  assert.equal(t.read(), 100);
  t.forget();
  t.write(50);
  t.expect("PA", { seq: 0, data: 50 });
  t.send("PA", { seq: 0, ack: 50, data: 100 });
  t.expect("A", { ack: 100 });
  assert.equal(t.host.figure(t.handle, Figure.OUTSTANDING), 0);
  assert.equal(t.host.counter("TCP_DUPLICATES"), 1);
  t.advance(5000);
  t.silence();
});

test("§3.6 a FIN that overtakes data is taken when the data has come", () => {
  const t = new Dialogue().accepted();
  t.send("FA", { seq: 100, ack: 0, data: 100 });
  t.expect("A", { ack: 0, options: { sack: [[100, 200]] } });
  assert.equal(t.state, State.ESTABLISHED);
  t.send("A", { seq: 0, ack: 0, data: 100 });
  t.expect("A", { ack: 201 });
  assert.equal(t.state, State.CLOSE_WAIT);
  assert.equal(t.read(), 200);
});

test("§3.6.1 data for a socket that is closed is answered with a reset", () => {
  const t = new Dialogue().accepted();
  t.close();
  t.expect("FA", { seq: 0 });
  t.send("A", { seq: 0, ack: 1, data: 10 });
  t.expect("RA", { seq: 1 });
  assert.equal(t.host.wasm.tableLength(), 0);
});

test("§3.6.1 closing with unread data resets (RFC 2525 §2.17)", () => {
  const t = new Dialogue().accepted();
  t.send("A", { data: 10 });
  t.forget();
  t.close();
  t.expect("RA", { seq: 0 });
});

test("§3.6.1 FIN-WAIT-2 of a closed socket does not last for ever", () => {
  const t = new Dialogue().accepted();
  t.close();
  t.expect("FA", { seq: 0 });
  t.send("A", { ack: 1 });
  t.advance(59_000);
  assert.equal(t.host.wasm.tableLength(), 1);
  t.advance(2_000);
  assert.equal(t.host.wasm.tableLength(), 0);
});

test("§3.10.6 an abortive close sends RST and nothing else", () => {
  const t = new Dialogue().accepted();
  t.write(10);
  t.forget();
  t.close(true);
  t.expect("RA", { seq: 10 });
  t.silence();
});

test("§3.5.3 a reset at RCV.NXT ends each synchronized state with the right error", () => {
  const enter: [number, number, (t: Dialogue) => void][] = [
    [State.ESTABLISHED, ECONNRESET, () => {}],
    [State.FIN_WAIT_1, ECONNRESET, (t) => t.shutdown()],
    [
      State.FIN_WAIT_2,
      ECONNRESET,
      (t) => {
        t.shutdown();
        t.send("A", { ack: 1 });
      },
    ],
    [State.CLOSE_WAIT, EPIPE, (t) => t.send("FA", { seq: 0 })],
    [
      State.LAST_ACK,
      0,
      (t) => {
        t.send("FA", { seq: 0 });
        t.shutdown();
      },
    ],
    [
      State.CLOSING,
      0,
      (t) => {
        t.shutdown();
        t.send("FA", { seq: 0 });
      },
    ],
  ];
  for (const [state, error, action] of enter) {
    const t = new Dialogue().accepted();
    action(t);
    assert.equal(t.state, state);
    t.forget();
    const next = state === State.CLOSE_WAIT || state === State.LAST_ACK || state === State.CLOSING ? 1 : 0;
    t.send("R", { seq: next });
    assert.equal(t.state, State.CLOSED, `after state ${state}`);
    assert.equal(t.error, error, `after state ${state}`);
    t.silence();
  }
});

test("§3.8.6.1 a zero window is probed with rising intervals until it opens", () => {
  const t = new Dialogue().accepted({ window: 0 });
  t.write(100);
  t.silence();
  let waited = 0;
  for (let probes = 0; probes < 4; probes++) {
    while (waited < 100_000) {
      t.advance(10);
      waited += 10;
      const sent = t.forget();
      if (sent.length === 0) continue;
      assert.equal(sent.length, 1);
      assert.equal(sent[0]?.payload.length, 0);
      assert.equal(((sent[0]?.sequence ?? 0) - t.initial - 1) | 0, -1);
      break;
    }
    t.send("A", { window: 0 });
  }
  assert.equal(t.state, State.ESTABLISHED);
  t.send("A", { window: 1000 });
  t.expect("PA", { seq: 0, data: 100 });
});

test("§3.8.6.2.1 a window smaller than a segment is not filled with crumbs at once", () => {
  const t = new Dialogue().accepted({ window: 10000 });
  t.write(4380);
  t.expect("A", { seq: 0, data: 1460 });
  t.expect("A", { seq: 1460, data: 1460 });
  t.expect("A", { seq: 2920, data: 1460 });
  t.silence();
  t.send("A", { ack: 4380, window: 100 });
  t.write(1000);
  t.silence();
  t.advance(1500);
  t.expect("A", { seq: 4380, data: 100 });
});

test("§3.8.6.2.2 the receiver opens its window in steps worth while", () => {
  const t = new Dialogue();
  t.listen();
  t.host.call((w) => w.tcpListenerOption(t.listener, Option.RECEIVE_BUFFER, 8760n));
  t.accepted();
  for (let i = 0; i < 6; i++) t.send("A", { seq: 1460 * i, data: 1460 });
  const last = t.forget().at(-1);
  assert.equal(last?.window, 0);
  t.host.read(t.handle, 1000);
  t.advance(0);
  t.silence();
  t.host.read(t.handle, 4000);
  t.advance(0);
  const update = t.expect("A", { ack: 8760 });
  assert.ok(update.window >= 1460, `window ${update.window}`);
});

test("§3.10.7.4 data beyond the window is cut off", () => {
  const t = new Dialogue();
  t.listen();
  t.host.call((w) => w.tcpListenerOption(t.listener, Option.RECEIVE_BUFFER, 3000n));
  t.accepted();
  t.send("A", { seq: 0, data: 1460 });
  t.send("A", { seq: 1460, data: 1460 });
  t.send("A", { seq: 2920, data: 1460 });
  t.forget();
  assert.equal(t.host.figure(t.handle, Figure.UNREAD), 3000);
});

test("§3.7.4 Nagle: one small segment in flight, the rest gathers; NODELAY sends at once", () => {
  const t = new Dialogue().accepted();
  t.write(10);
  t.expect("PA", { seq: 0, data: 10 });
  t.write(10);
  t.write(10);
  t.silence();
  t.send("A", { ack: 10 });
  t.expect("PA", { seq: 10, data: 20 });
  t.host.option(t.handle, Option.NO_DELAY, 1);
  t.write(5);
  t.expect("PA", { seq: 30, data: 5 });
});

test("man 7 tcp: CORK holds a partial segment for 200 ms, uncorking sends it", () => {
  const t = new Dialogue().accepted();
  t.host.option(t.handle, Option.CORK, 1);
  t.write(10);
  t.silence();
  t.advance(210);
  t.expect("PA", { seq: 0, data: 10 });
  t.send("A", { ack: 10 });
  t.write(10);
  t.silence();
  t.host.option(t.handle, Option.CORK, 0);
  t.advance(0);
  t.expect("PA", { seq: 10, data: 10 });
});

test("man 7 tcp: with TCP_NOTSENT_LOWAT a writer waits while that much is unsent, and hears when it is sent", () => {
  const t = new Dialogue().accepted({ window: 4000 });
  t.host.option(t.handle, Option.NOT_SENT_LOW_MARK, 8000);
  assert.equal(t.host.wasm.tcpWritable(t.handle), 1);
  // The peer's window takes 4000: so much is out, the rest waits.
  t.write(4000);
  assert.ok(t.host.write(t.handle, 100_000) < 20_000);
  t.forget();
  assert.equal(t.host.wasm.tcpWritable(t.handle), 0);
  assert.equal(t.host.write(t.handle, 1), 0);
  t.host.takeEvents();
  t.send("A", { ack: 2920, window: 60_000 });
  assert.ok(t.forget().length > 0);
  assert.ok(t.host.takeEvents().includes("writable"));
});

test("man 7 tcp: TCP_WINDOW_CLAMP bounds the window that is offered", () => {
  const t = new Dialogue();
  t.listen();
  t.host.call((w) => w.tcpListenerOption(t.listener, Option.WINDOW_CLAMP, 8192n));
  t.accepted();
  t.write(10);
  t.send("A", { ack: 10 });
  t.forget();
  let offered = 65_535;
  for (let seq = 0; seq < 80_000; seq += 1460) {
    t.send("PA", { seq, ack: 10, data: 1460 });
    t.read();
    for (const segment of t.forget()) offered = segment.window;
  }
  assert.ok(offered <= 8192 && offered > 4000, `${offered} bytes are offered`);
});

test("man 7 tcp: with TCP_DEFER_ACCEPT a connection is there to accept when data comes, or after the last SYN-ACK", () => {
  const t = new Dialogue();
  t.listen();
  t.host.call((w) => w.tcpListenerOption(t.listener, Option.DEFER_RETRIES, 2n));
  t.synchronize();
  t.send("A");
  assert.equal(t.host.accept(t.listener), -1, "the peer has said nothing");
  t.send("PA", { data: 10 });
  t.handle = t.host.accept(t.listener);
  assert.equal(t.read(), 10);
  t.forget();
  // One that stays silent: nothing is repeated but the last SYN-ACK, then the program gets it as it is.
  t.port++;
  t.synchronize();
  t.send("A");
  t.advance(1500);
  t.silence();
  t.advance(2000);
  t.expect("SA");
  assert.equal(t.host.accept(t.listener), -1);
  t.send("A");
  assert.ok(t.host.accept(t.listener) >= 0);
});

test("§3.8.6.3 a delayed acknowledgment comes within 40 ms, every second full segment is acknowledged at once", () => {
  const t = new Dialogue().accepted();
  // The answer ends the quick acknowledgments of a fresh connection.
  t.send("A", { seq: 0, data: 10 });
  t.forget();
  t.read();
  t.write(10);
  t.expect("PA", { ack: 10 });
  t.send("A", { seq: 10, ack: 10, data: 1460 });
  t.silence();
  t.advance(39);
  t.silence();
  t.advance(2);
  t.expect("A", { ack: 1470 });
  t.send("A", { seq: 1470, ack: 10, data: 1460 });
  t.silence();
  t.send("A", { seq: 2930, ack: 10, data: 1460 });
  t.expect("A", { ack: 4390 });
});

test("§3.8.4 keepalive probes an idle peer and gives up when it stays silent", () => {
  const t = new Dialogue().accepted();
  t.host.call((w) => w.tcpOption(t.handle, Option.KEEP_IDLE, 10_000_000_000n));
  t.host.call((w) => w.tcpOption(t.handle, Option.KEEP_INTERVAL, 1_000_000_000n));
  t.host.call((w) => w.tcpOption(t.handle, Option.KEEP_PROBES, 3n));
  t.host.option(t.handle, Option.KEEPALIVE, 1);
  t.advance(10_001);
  t.expect("A", { seq: -1, data: 0 });
  t.send("A");
  t.advance(9_000);
  t.silence();
  t.advance(1_001);
  for (let probe = 0; probe < 3; probe++) {
    t.expect("A", { seq: -1, data: 0 });
    t.advance(1_001);
  }
  t.expect("RA");
  assert.equal(t.error, ETIMEDOUT);
});

test("§3.8.3 TCP_USER_TIMEOUT ends a connection whose data is not acknowledged", () => {
  const t = new Dialogue().accepted();
  t.host.call((w) => w.tcpOption(t.handle, Option.USER_TIMEOUT, 3_000_000_000n));
  t.write(10);
  t.advance(20_000);
  assert.equal(t.state, State.CLOSED);
  assert.equal(t.error, ETIMEDOUT);
});

test("§3.8.3 R2: unacknowledged data is repeated fifteen times, then the connection is given up", () => {
  const t = new Dialogue().accepted();
  t.write(10);
  t.forget();
  t.advance(3_000_000);
  const sent = t.forget();
  const repeats = sent.filter((segment) => segment.payload.length === 10).length;
  assert.ok(repeats >= 15 && repeats <= 17, `${repeats} repeats`);
  assert.equal(t.error, ETIMEDOUT);
});

test("§3.8.5 urgent: the pointer points behind the urgent byte, and the peer's is found in the stream", () => {
  const t = new Dialogue().accepted();
  t.host.call((w) => w.tcpUrgent(t.handle, 3));
  t.advance(0);
  t.expect("PAU", { seq: 0, data: 3, urgent: 3 });
  t.send("UA", { seq: 0, ack: 3, data: 5, urgent: 3 });
  assert.ok(t.host.takeEvents().includes("urgent"));
  assert.equal(t.host.wasm.tcpUrgentOffset(t.handle), 2);
  t.host.read(t.handle, 2);
  assert.equal(t.host.wasm.tcpUrgentOffset(t.handle), 0);
});

test("backlog: a full accept queue drops handshakes, and the peer's retry is taken later", () => {
  const t = new Dialogue();
  t.listen(1);
  for (let i = 0; i < 2; i++) {
    t.port = 41000 + i;
    t.synchronize();
    t.send("A");
  }
  t.port = 41002;
  t.sendRaw({ flags: "S", sequence: PEER_INITIAL });
  t.silence();
  assert.ok(t.host.counter("TCP_LISTEN_OVERFLOWS") > 0);
  assert.ok(t.host.accept(t.listener) >= 0);
  t.synchronize();
  t.send("A");
  assert.ok(t.host.accept(t.listener) >= 0);
  assert.ok(t.host.accept(t.listener) >= 0);
  assert.equal(t.host.accept(t.listener), -1);
});

test("closing a listener resets what nobody accepted", () => {
  const t = new Dialogue();
  t.listen();
  t.synchronize();
  t.send("A");
  t.host.call((w) => w.tcpCloseListener(t.listener));
  t.advance(0);
  t.expect("RA", { seq: 0 });
  assert.equal(t.host.wasm.tableLength(), 0);
});
