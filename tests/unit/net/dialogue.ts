// A conversation with the kernel's TCP, segment by segment, in simulated time:
//
//   const t = new Dialogue();
//   t.accepted();                         // a connection from the peer to port 80, both sides at offset 0
//   t.send("A", { seq: 0, data: 100 });   // sequence numbers count from the first data byte of their side
//   t.advance(40);
//   t.expect("A", { ack: 100 });
//
// The peer is the test itself. Each segment that the stack sends must be expected, or `silence()` fails.

import assert from "node:assert/strict";
import {
  concat,
  ethernet,
  ipBytes,
  ipFrame,
  mac,
  parseFrame,
  type TcpOptions,
  type TcpSegment,
  tcpHeader,
  u16,
} from "./frames.ts";
import { Host, type HostOptions } from "./host.ts";

const PEER = 0x525400000099n;
const LOCAL_IP = "10.0.0.1";
const PEER_IP = "10.0.0.2";
/** The peer's initial sequence number. */
const PEER_INITIAL = 0x7fff_fff0;

interface Fields {
  /** Sequence number from the first data byte of the sender. */
  seq?: number;
  ack?: number;
  /** Bytes of payload. */
  data?: number;
  window?: number;
  urgent?: number;
  options?: TcpOptions;
  /** Without the connection's own timestamps. */
  bare?: boolean;
}

export interface OpenOptions {
  mss?: number;
  scale?: number;
  sack?: boolean;
  timestamps?: boolean;
  window?: number;
  backlog?: number;
}

export class Dialogue {
  readonly host: Host;
  port = 40000;
  readonly localPort = 80;
  /** The stack's initial sequence number, and its timestamps. */
  initial = 0;
  /** Handle of the accepted or connected connection. */
  handle = -1;
  listener = -1;
  /** Milliseconds of the peer's timestamp clock: moves with time. */
  peerClock = 1000;
  hasTimestamps = false;
  /** The last timestamp the stack sent: what the peer echoes. */
  lastTimestamp = 0;
  #queue: TcpSegment[] = [];
  #localPort = 80;

  constructor(options: HostOptions = {}) {
    this.host = new Host(options);
    this.host.addStatic(LOCAL_IP, 24);
    this.#sendArp(1);
    this.advance(0);
    this.#queue = [];
  }

  /** The stack learns the peer's station address from a request of the peer's, or from its answer. */
  #sendArp(operation: number): void {
    const target = operation === 1 ? mac(0n) : mac(this.host.hardware);
    const head = concat(u16(1), u16(0x0800), [6, 4], u16(operation));
    const message = concat(head, mac(PEER), ipBytes(PEER_IP), target, ipBytes(LOCAL_IP));
    this.host.receive(ethernet(operation === 1 ? 0xffffffffffffn : this.host.hardware, PEER, 0x0806, message));
    this.host.poll(this.host.nowNs);
  }

  /** Send a raw frame. */
  inject(frame: Uint8Array): void {
    this.host.receive(frame);
    this.advance(0);
  }

  #collect(): void {
    for (const bytes of this.host.takeSent()) {
      const frame = parseFrame(bytes);
      if (frame.type === 0x0806 && frame.payload[7] === 1 && frame.payload[27] === 2) this.#sendArp(2);
      if (frame.tcp) {
        this.#queue.push(frame.tcp);
        if (frame.tcp.options.timestamps) this.lastTimestamp = frame.tcp.options.timestamps[0];
      }
    }
  }

  /** Let milliseconds pass, the stack's timers going off at their times. */
  advance(ms: number): void {
    this.host.pass(ms, () => this.#collect());
    this.peerClock += ms;
  }

  /** Send a segment with absolute numbers. */
  sendRaw(segment: Partial<TcpSegment> & { flags: string }): void {
    const whole: TcpSegment = {
      sourcePort: this.port,
      destinationPort: this.#localPort,
      sequence: 0,
      acknowledgment: 0,
      window: 65535,
      urgent: 0,
      options: {},
      payload: new Uint8Array(0),
      ...segment,
    };
    const fields = { source: PEER_IP, destination: LOCAL_IP, protocol: 6 };
    this.inject(ipFrame(this.host.hardware, PEER, fields, tcpHeader(whole), 16));
  }

  /** Send a segment of the connection. */
  send(flags: string, fields: Fields = {}): void {
    const options = { ...fields.options };
    if (this.hasTimestamps && !fields.bare && !options.timestamps) {
      options.timestamps = [Math.floor(this.peerClock) >>> 0, this.lastTimestamp];
    }
    this.sendRaw({
      flags,
      sequence: (PEER_INITIAL + 1 + (fields.seq ?? 0)) >>> 0,
      acknowledgment: flags.includes("A") ? (this.initial + 1 + (fields.ack ?? 0)) >>> 0 : 0,
      window: fields.window ?? 65535,
      urgent: fields.urgent ?? 0,
      options: {
        ...options,
        ...(options.sack && { sack: options.sack.map(([a, b]) => [this.#ours(a), this.#ours(b)] as [number, number]) }),
      },
      payload: new Uint8Array(fields.data ?? 0).fill(0x78),
    });
  }

  #ours(offset: number): number {
    return (this.initial + 1 + offset) >>> 0;
  }

  /** The next segment the stack sent, which must have these flags; numbers in its answer count from the first data byte. */
  expect(flags: string, fields: Fields & { windowAtLeast?: number } = {}): TcpSegment & { seq: number; ack: number } {
    const segment = this.#queue.shift();
    assert.ok(
      segment,
      `expected ${flags} ${JSON.stringify(fields)}, nothing was sent\n${JSON.stringify(this.host.counters())}`,
    );
    const seq = (segment.sequence - this.initial - 1) | 0;
    const ack = (segment.acknowledgment - PEER_INITIAL - 1) | 0;
    const what = `${segment.flags} seq ${seq} ack ${ack} length ${segment.payload.length} window ${segment.window}`;
    const sorted = (text: string): string => [...text].sort().join("");
    assert.equal(sorted(segment.flags.replace("P", "")), sorted(flags.replace("P", "")), `flags of ${what}`);
    if (fields.seq !== undefined) assert.equal(seq, fields.seq, `sequence of ${what}`);
    if (fields.ack !== undefined) assert.equal(ack, fields.ack, `acknowledgment of ${what}`);
    if (fields.data !== undefined) assert.equal(segment.payload.length, fields.data, `length of ${what}`);
    if (fields.window !== undefined) assert.equal(segment.window, fields.window, `window of ${what}`);
    if (fields.urgent !== undefined) assert.equal(segment.urgent, fields.urgent, `urgent pointer of ${what}`);
    if (fields.options?.sack) {
      const blocks = (segment.options.sack ?? []).map(([a, b]) => [
        (a - PEER_INITIAL - 1) | 0,
        (b - PEER_INITIAL - 1) | 0,
      ]);
      assert.deepEqual(blocks, fields.options.sack, `SACK of ${what}`);
    }
    return { ...segment, seq, ack };
  }

  /** Nothing (more) was sent. */
  silence(): void {
    const shown = this.#queue.map((segment) => `${segment.flags} ${segment.sequence} length ${segment.payload.length}`);
    assert.deepEqual(shown, []);
  }

  /** Drop what was sent and nobody looked at. */
  forget(): TcpSegment[] {
    return this.#queue.splice(0);
  }

  listen(backlog = 16): void {
    this.listener = this.host.listen(80, { backlog });
  }

  /** A passive open up to ESTABLISHED and accepted. */
  accepted(options: OpenOptions = {}): this {
    if (this.listener < 0) this.listen(options.backlog);
    this.synchronize(options);
    this.send("A", { ...(options.window !== undefined && { window: options.window }) });
    this.handle = this.host.accept(this.listener);
    assert.ok(this.handle >= 0, "nothing to accept");
    this.silence();
    return this;
  }

  /** SYN and SYN-ACK of a passive open. */
  synchronize(options: OpenOptions = {}): TcpSegment {
    this.hasTimestamps = options.timestamps ?? false;
    this.sendRaw({
      flags: "S",
      sequence: PEER_INITIAL,
      window: options.window ?? 65535,
      options: {
        mss: options.mss ?? 1460,
        ...(options.scale !== undefined && { scale: options.scale }),
        ...((options.sack ?? true) && { sackPermitted: true }),
        ...(this.hasTimestamps && { timestamps: [this.peerClock, 0] as [number, number] }),
      },
    });
    return this.takeSyn("SA");
  }

  /** Take a SYN or SYN-ACK of the stack's, and its initial sequence number. */
  takeSyn(flags: string): TcpSegment {
    const answer = this.#queue.shift();
    assert.ok(answer, "no SYN came");
    assert.equal(answer.flags, flags);
    this.initial = answer.sequence;
    this.port = answer.destinationPort;
    this.#localPort = answer.sourcePort;
    return answer;
  }

  /** An active open up to ESTABLISHED. */
  connected(options: OpenOptions = {}): this {
    this.handle = this.host.connect(PEER_IP, 9000);
    assert.ok(this.handle >= 0, `connect: ${this.handle}`);
    this.advance(0);
    this.takeSyn("S");
    this.hasTimestamps = options.timestamps ?? false;
    this.sendRaw({
      flags: "SA",
      sequence: PEER_INITIAL,
      acknowledgment: (this.initial + 1) >>> 0,
      window: options.window ?? 65535,
      options: {
        mss: options.mss ?? 1460,
        ...(options.scale !== undefined && { scale: options.scale }),
        ...((options.sack ?? true) && { sackPermitted: true }),
        ...(this.hasTimestamps && { timestamps: [this.peerClock, this.lastTimestamp] as [number, number] }),
      },
    });
    this.expect("A", { seq: 0, ack: 0 });
    return this;
  }

  write(length: number): void {
    assert.equal(this.host.write(this.handle, length), length);
    this.advance(0);
  }

  read(): number {
    const got = this.host.read(this.handle);
    this.advance(0);
    return got;
  }

  shutdown(): void {
    this.host.call((w) => w.tcpShutdown(this.handle));
    this.advance(0);
  }

  close(isAbortive = false): void {
    this.host.call((w) => w.tcpClose(this.handle, isAbortive ? 1 : 0));
    this.advance(0);
  }

  get state(): number {
    return this.host.state(this.handle);
  }

  get error(): number {
    return this.host.wasm.tcpError(this.handle);
  }
}

export { LOCAL_IP, PEER, PEER_INITIAL, PEER_IP };
