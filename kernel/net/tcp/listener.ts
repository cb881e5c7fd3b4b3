// A listening port: handshakes under way, connections the program has not accepted yet, and their limits (man 2 listen,
// man 7 tcp; Linux's rules for a full queue).

import { ECONNABORTED, EINVAL } from "../../abi/errno";
import { Address } from "../address";
import * as clock from "../clock";
import { Counter, count } from "../counters";
import * as ip from "../ip/output";
import { Path } from "../ip/path";
import { SocketObserver } from "../observer";
import { Packet } from "../packet/packet";
import { Binding } from "../transport/ports";
import { TCP_HEADER } from "../wire/tcp";
import { abort } from "./closing";
import { Connection } from "./connection";
import { HalfOpen, obtain } from "./half-open";
import { Handshake } from "./handshake";
import { timestampOffset } from "./initial-sequence";
import * as listeners from "./listeners";
import { openPassive } from "./opening";
import { Options } from "./options";
import { ports } from "./ports";
import { Segment } from "./segment";
import { sendSyn, syn } from "./syn";
import * as cookie from "./syn-cookie";
import * as table from "./table";

/** As net.core.somaxconn. */
export const MAX_BACKLOG: u32 = 4096;
/** Handshakes a listener keeps at least before it turns to cookies. */
const MIN_HALF_OPEN: u32 = 8;
/** Cookies are taken for so long after the last one was given: otherwise a stray acknowledgment is just stray. */
const COOKIE_MEMORY_NS: u64 = 120 * clock.SECOND;

const path: Path = new Path();
const scratch: Handshake = new Handshake();

export class Listener {
  observer: SocketObserver | null = null;
  /** What accepted connections begin with. */
  options: Options = new Options();
  backlog: u32 = 0;
  /** Connections to accept. */
  acceptable: u32 = 0;
  private firstAcceptable: Connection | null = null;
  private lastAcceptable: Connection | null = null;
  halfOpenCount: u32 = 0;
  private firstHalfOpen: HalfOpen | null = null;
  private lastCookieNs: u64 = 0;
  /** The next one in listeners.ts. */
  next: Listener | null = null;

  constructor(public readonly binding: Binding) {}

  /** Begin listening. The binding must hold a port. Returns 0 or a negative errno. */
  listen(backlog: u32): i32 {
    if (!this.binding.isBound) return -EINVAL;
    let result = ports.canListen(this.binding);
    if (result < 0) return result;
    this.backlog = min<u32>(backlog, MAX_BACKLOG);
    listeners.insert(this);
    return 0;
  }

  /** Take the connection that has waited longest, or null. */
  accept(): Connection | null {
    let c = this.firstAcceptable;
    if (c === null) return null;
    this.firstAcceptable = c.nextAccepted;
    if (c.nextAccepted === null) this.lastAcceptable = null;
    c.nextAccepted = null;
    c.listener = null;
    this.acceptable--;
    return c;
  }

  /** Stop: handshakes are forgotten, connections nobody accepted are reset. */
  close(): void {
    this.observer = null;
    listeners.remove(this);
    this.binding.isListening = false;
    ports.release(this.binding);
    let halfOpen = this.firstHalfOpen;
    while (halfOpen !== null) {
      halfOpen.end();
      halfOpen = this.firstHalfOpen;
    }
    let c = this.accept();
    while (c !== null) {
      c.isOrphan = true;
      abort(c, ECONNABORTED);
      c = this.accept();
    }
  }

  /** Whether no further connection fits (Linux counts one more than the backlog). */
  get isFull(): bool {
    return this.acceptable > this.backlog;
  }

  enqueue(c: Connection): void {
    let last = this.lastAcceptable;
    c.nextAccepted = null;
    if (last === null) this.firstAcceptable = c;
    else last.nextAccepted = c;
    this.lastAcceptable = c;
    this.acceptable++;
    let observer = this.observer;
    if (observer !== null) observer.readable();
  }

  /** A connection ended before it was accepted. It stays in the queue: accept(2) returns it, and it tells its error. */
  forget(_c: Connection): void {}

  /** A SYN for this port. The packet is used up. */
  receiveSyn(segment: Segment, packet: Packet): void {
    if (this.isFull) {
      count(Counter.TCP_LISTEN_OVERFLOWS);
      count(Counter.TCP_LISTEN_DROPS);
    } else if (this.halfOpenCount >= max(this.backlog, MIN_HALF_OPEN)) {
      this.answerWithCookie(segment, packet);
    } else {
      obtain().start(this, segment, packet);
    }
    packet.release();
  }

  /** An acknowledgment for which there is no connection: of a cookie, perhaps. True when the packet was used up. */
  receiveCookie(segment: Segment, packet: Packet): bool {
    if (this.lastCookieNs == 0 || clock.nowNs - this.lastCookieNs > COOKIE_MEMORY_NS) return false;
    if (!cookie.read(packet.destination, packet.source, segment, scratch)) return false;
    if (this.isFull) {
      count(Counter.TCP_LISTEN_OVERFLOWS);
      packet.release();
      return true;
    }
    let c = openPassive(this, packet.destination, packet.source, scratch, segment);
    if (c === null) return false;
    table.insert(c);
    this.enqueue(c);
    c.receive(segment, packet);
    return true;
  }

  addHalfOpen(entry: HalfOpen): void {
    let first = this.firstHalfOpen;
    entry.previous = null;
    entry.next = first;
    if (first !== null) first.previous = entry;
    this.firstHalfOpen = entry;
    this.halfOpenCount++;
  }

  removeHalfOpen(entry: HalfOpen): void {
    let next = entry.next;
    let previous = entry.previous;
    if (previous === null) this.firstHalfOpen = next;
    else previous.next = next;
    if (next !== null) next.previous = previous;
    entry.next = null;
    entry.previous = null;
    this.halfOpenCount--;
  }

  /** Fill in the SYN-ACK for a handshake. */
  describe(way: Path, remote: Address, handshake: Handshake, timestamp: u32): void {
    syn.sequence = handshake.initialSend;
    syn.hasAcknowledgment = true;
    syn.acknowledgment = handshake.initialReceive + 1;
    syn.window = min<u32>(this.options.receiveBuffer, 65535);
    let size = way.mtu - ip.headerLength(remote) - TCP_HEADER;
    let wanted = this.options.maximumSegmentSize;
    syn.maximumSegmentSize = wanted != 0 ? min(wanted, size) : size;
    syn.hasTimestamps = handshake.hasTimestamps;
    syn.timestamp = timestamp;
    syn.timestampEcho = handshake.timestampRecent;
    syn.hasSack = handshake.hasSack;
    syn.hasScaling = handshake.windowScale >= 0;
    syn.hopLimit = this.options.hopLimit;
    syn.trafficClass = this.options.trafficClass;
  }

  private answerWithCookie(segment: Segment, packet: Packet): void {
    if (path.resolve(packet.source, packet.destination, this.binding.index) < 0) return;
    scratch.readSyn(segment);
    if (!scratch.hasTimestamps) {
      // Without timestamps there is no room for these.
      scratch.windowScale = -1;
      scratch.hasSack = false;
    }
    scratch.initialSend = cookie.make(packet.destination, packet.source, segment, scratch);
    let now = clock.nowMs() + timestampOffset(packet.destination, packet.source);
    this.describe(path, packet.source, scratch, cookie.timestamp(now, scratch));
    this.lastCookieNs = max<u64>(clock.nowNs, 1);
    count(Counter.TCP_SYN_COOKIES_SENT);
    sendSyn(path, packet.source, segment.destinationPort, segment.sourcePort);
  }
}
