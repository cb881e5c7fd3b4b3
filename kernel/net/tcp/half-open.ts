// A handshake with a listener that has seen the SYN and waits for the last part (RFC 9293 SYN-RECEIVED). Small, pooled,
// counted against its listener: a flood fills the listener's share and nothing else.

import { Timer } from "../../lib/timer-queue";
import * as clock from "../clock";
import { Counter, count } from "../counters";
import { ControlMessage } from "../icmp/control";
import { Path } from "../ip/path";
import { Packet } from "../packet/packet";
import { TcpFlag } from "../wire/tcp";
import { bare, sendBare } from "./bare";
import { permits } from "./challenge";
import { Endpoint } from "./endpoint";
import { Handshake } from "./handshake";
import { initialSequence, timestampOffset } from "./initial-sequence";
import { Listener } from "./listener";
import { openPassive } from "./opening";
import { resetStranger } from "./reset";
import { Segment } from "./segment";
import { before } from "./sequence";
import { State } from "./state";
import { sendSyn } from "./syn";
import * as table from "./table";

/** As net.ipv4.tcp_synack_retries. */
const SYN_ACK_RETRIES: u32 = 5;
const INITIAL_TIMEOUT_NS: u64 = clock.SECOND;

class HalfOpenTimer extends Timer {
  constructor(private halfOpen: HalfOpen) {
    super();
  }

  expired(_nowNs: u64): void {
    this.halfOpen.timedOut();
  }
}

let spare: HalfOpen | null = null;
const path: Path = new Path();

export class HalfOpen extends Endpoint {
  listener: Listener | null = null;
  /** Neighbours in the listener's list; `next` also links the spare ones. */
  next: HalfOpen | null = null;
  previous: HalfOpen | null = null;
  handshake: Handshake = new Handshake();
  private retries: u32 = 0;
  /** The peer has done its part and said nothing since (TCP_DEFER_ACCEPT). */
  private isDeferred: bool = false;
  private sentNs: u64 = 0;
  private timer: HalfOpenTimer = new HalfOpenTimer(this);

  /** Begin with a listener's SYN. */
  start(listener: Listener, segment: Segment, packet: Packet): void {
    this.listener = listener;
    this.local.assign(packet.destination);
    this.remote.assign(packet.source);
    this.localPort = segment.destinationPort;
    this.remotePort = segment.sourcePort;
    this.state = State.SYN_RECEIVED;
    this.retries = 0;
    this.isDeferred = false;
    this.handshake.readSyn(segment);
    this.handshake.initialSend = initialSequence(this.local, this.remote, this.localPort, this.remotePort);
    this.handshake.timestampOffset = timestampOffset(this.local, this.remote);
    table.insert(this);
    listener.addHalfOpen(this);
    this.sendSynAcknowledgment();
    clock.arm(this.timer, INITIAL_TIMEOUT_NS);
  }

  /** Forget it. */
  end(): void {
    clock.timers.remove(this.timer);
    table.remove(this);
    let listener = this.listener;
    if (listener !== null) listener.removeHalfOpen(this);
    this.listener = null;
    this.next = spare;
    spare = this;
  }

  timedOut(): void {
    if (this.retries >= SYN_ACK_RETRIES) {
      count(Counter.TCP_ATTEMPT_FAILS);
      this.end();
      return;
    }
    this.retries++;
    if (!this.isDeferred || this.retries >= this.deferRetries) {
      count(Counter.TCP_RETRANSMITTED_SEGMENTS);
      this.sendSynAcknowledgment();
    }
    clock.arm(this.timer, INITIAL_TIMEOUT_NS << (<u64>this.retries));
  }

  receive(segment: Segment, packet: Packet): void {
    let listener = this.listener;
    let expected = this.handshake.initialReceive + 1;
    if (listener === null || !this.isTimely(segment)) {
      count(Counter.TCP_PAWS_DROPS);
      packet.release();
      return;
    }
    if (segment.has(TcpFlag.RST)) {
      packet.release();
      if (segment.sequence == expected) this.end();
      return;
    }
    if (segment.has(TcpFlag.SYN)) {
      packet.release();
      // The same SYN again: the answer was lost. Another one is not to be believed (RFC 5961 §4.2).
      if (segment.sequence == this.handshake.initialReceive && !segment.has(TcpFlag.ACK)) this.sendSynAcknowledgment();
      else if (permits()) this.acknowledge();
      return;
    }
    if (!segment.has(TcpFlag.ACK)) {
      count(Counter.TCP_IN_ERRORS);
      packet.release();
      return;
    }
    if (segment.acknowledgment != this.handshake.initialSend + 1) {
      resetStranger(segment, packet);
      packet.release();
      return;
    }
    if (before(segment.sequence, expected)) {
      count(Counter.TCP_OUT_OF_WINDOW);
      packet.release();
      if (permits()) this.acknowledge();
      return;
    }
    if (packet.length == 0 && !segment.has(TcpFlag.FIN) && this.retries < listener.options.deferRetries) {
      // Nothing for the program to read yet; after the last try it gets the connection as it is (Linux's inet_csk rules).
      this.isDeferred = true;
      packet.release();
      return;
    }
    this.complete(listener, segment, packet);
  }

  private get deferRetries(): u32 {
    let listener = this.listener;
    return listener === null ? 0 : listener.options.deferRetries;
  }

  control(_report: ControlMessage): void {}

  /** The handshake is done: a connection takes over, if the program can take another one. */
  private complete(listener: Listener, segment: Segment, packet: Packet): void {
    if (listener.isFull) {
      // As Linux: the peer believes it is connected; its data, or our SYN-ACK again, gives the program more time.
      count(Counter.TCP_LISTEN_OVERFLOWS);
      packet.release();
      return;
    }
    let c = openPassive(listener, this.local, this.remote, this.handshake, segment);
    if (c === null) {
      packet.release();
      return;
    }
    if (segment.hasTimestamps) c.timestampRecent = segment.timestampValue;
    if (this.retries == 0) c.roundTrip.sample(clock.nowNs - this.sentNs);
    this.end();
    table.insert(c);
    listener.enqueue(c);
    c.receive(segment, packet);
  }

  private isTimely(segment: Segment): bool {
    if (!this.handshake.hasTimestamps || segment.has(TcpFlag.RST)) return true;
    return segment.hasTimestamps && <i32>(segment.timestampValue - this.handshake.timestampRecent) >= 0;
  }

  private acknowledge(): void {
    bare.localPort = this.localPort;
    bare.remotePort = this.remotePort;
    bare.sequence = this.handshake.initialSend + 1;
    bare.acknowledgment = this.handshake.initialReceive + 1;
    bare.flags = TcpFlag.ACK;
    bare.window = 0;
    bare.hasTimestamps = this.handshake.hasTimestamps;
    bare.timestamp = clock.nowMs() + this.handshake.timestampOffset;
    bare.timestampEcho = this.handshake.timestampRecent;
    sendBare(this.local, this.remote);
  }

  private sendSynAcknowledgment(): void {
    let listener = this.listener;
    if (listener === null || path.resolve(this.remote, this.local, listener.binding.index) < 0) return;
    this.sentNs = clock.nowNs;
    listener.describe(path, this.remote, this.handshake, clock.nowMs() + this.handshake.timestampOffset);
    sendSyn(path, this.remote, this.localPort, this.remotePort);
  }
}

export function obtain(): HalfOpen {
  let entry = spare;
  if (entry === null) return new HalfOpen();
  spare = entry.next;
  entry.next = null;
  return entry;
}
