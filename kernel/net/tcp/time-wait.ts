// The end that closed first remembers the conversation for a while, so that its stragglers harm no later one with the
// same four parts (RFC 9293 §3.6.1). A small record replaces the connection; how many there are is limited.

import { Timer } from "../../lib/timer-queue";
import * as clock from "../clock";
import { Counter, count } from "../counters";
import { ControlMessage } from "../icmp/control";
import { Packet } from "../packet/packet";
import { TcpFlag } from "../wire/tcp";
import { bare, sendBare } from "./bare";
import { permits } from "./challenge";
import { Connection } from "./connection";
import { Endpoint } from "./endpoint";
import { openAnew } from "./input";
import { Segment } from "./segment";
import { after } from "./sequence";
import { State } from "./state";
import * as table from "./table";

/** 2 MSL, as Linux's TCP_TIMEWAIT_LEN. */
const DURATION_NS: u64 = 60 * clock.SECOND;
/** As net.ipv4.tcp_max_tw_buckets: beyond that connections end at once. */
const MAX_WAITING: u32 = 16384;
/** A new connection may take the ports over when the timestamps' clock has surely ticked (RFC 6191 §2). */
const REUSE_AFTER_NS: u64 = clock.SECOND;

let waitingCount: u32 = 0;

class TimeWaitTimer extends Timer {
  constructor(private waiting: TimeWait) {
    super();
  }

  expired(_nowNs: u64): void {
    this.waiting.end();
  }
}

export class TimeWait extends Endpoint {
  sendNext: u32 = 0;
  private receiveNext: u32 = 0;
  private window: u32 = 0;
  private hasTimestamps: bool = false;
  private timestampRecent: u32 = 0;
  private timestampOffset: u32 = 0;
  private sinceNs: u64 = 0;
  private timer: TimeWaitTimer = new TimeWaitTimer(this);

  /** Take over from a connection, place in the table included. */
  succeed(c: Connection): void {
    this.local.assign(c.local);
    this.remote.assign(c.remote);
    this.localPort = c.localPort;
    this.remotePort = c.remotePort;
    this.state = State.TIME_WAIT;
    this.sendNext = c.sendWindow.next;
    this.receiveNext = c.receiveWindow.next;
    this.window = c.receiveWindow.window >> c.receiveWindow.scale;
    this.hasTimestamps = c.hasTimestamps;
    this.timestampRecent = c.timestampRecent;
    this.timestampOffset = c.timestampOffset;
    this.sinceNs = clock.nowNs;
    table.replace(c, this);
    clock.arm(this.timer, DURATION_NS);
    waitingCount++;
  }

  /** Whether our own new connection may have these four parts. */
  get mayBeReused(): bool {
    return this.hasTimestamps && clock.nowNs - this.sinceNs > REUSE_AFTER_NS;
  }

  end(): void {
    if (!this.isInTable) return;
    clock.timers.remove(this.timer);
    table.remove(this);
    waitingCount--;
  }

  receive(segment: Segment, packet: Packet): void {
    if (isLoneSyn(segment) && this.isNewer(segment)) {
      // A new incarnation (RFC 9293 §3.6.1, RFC 6191).
      count(Counter.TCP_TIME_WAIT_REUSED);
      this.end();
      openAnew(segment, packet);
      return;
    }
    packet.release();
    // A reset must not cut the wait short (RFC 1337).
    if (segment.has(TcpFlag.RST)) return;
    let isRepeatedFin = segment.has(TcpFlag.FIN) && segment.end == this.receiveNext;
    if (isRepeatedFin) clock.arm(this.timer, DURATION_NS);
    let isPlain = segment.end == segment.sequence && segment.sequence == this.receiveNext;
    if (isPlain || (!isRepeatedFin && !permits())) return;
    this.acknowledge();
  }

  control(_report: ControlMessage): void {}

  /** Whether a SYN surely comes after everything of the old conversation. */
  private isNewer(segment: Segment): bool {
    if (this.hasTimestamps && segment.hasTimestamps) {
      let difference = <i32>(segment.timestampValue - this.timestampRecent);
      if (difference != 0) return difference > 0;
    }
    return after(segment.sequence, this.receiveNext);
  }

  private acknowledge(): void {
    bare.localPort = this.localPort;
    bare.remotePort = this.remotePort;
    bare.sequence = this.sendNext;
    bare.acknowledgment = this.receiveNext;
    bare.flags = TcpFlag.ACK;
    bare.window = min<u32>(this.window, 65535);
    bare.hasTimestamps = this.hasTimestamps;
    bare.timestamp = clock.nowMs() + this.timestampOffset;
    bare.timestampEcho = this.timestampRecent;
    sendBare(this.local, this.remote);
  }
}

/** A connection is over: put its record in its place, or nothing when there are too many. */
export function enter(c: Connection): void {
  if (waitingCount >= MAX_WAITING) {
    count(Counter.TCP_TIME_WAIT_OVERFLOW);
    table.remove(c);
    return;
  }
  count(Counter.TCP_TIME_WAIT);
  new TimeWait().succeed(c);
}

function isLoneSyn(segment: Segment): bool {
  return segment.has(TcpFlag.SYN) && !segment.has(TcpFlag.ACK) && !segment.has(TcpFlag.RST);
}
