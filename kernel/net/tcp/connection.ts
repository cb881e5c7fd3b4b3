// A TCP connection: the nouns of RFC 9293 put together, and what a socket asks of it.
//
// The work is in files of its own: arrival.ts (segments), acknowledgment.ts, data.ts, output.ts, timeout.ts, opening.ts,
// closing.ts. They share this object.
//
// Rules of use, for the socket above:
// - `observer` is told of changes; set it before anything can happen (right after creation or accept).
// - Reading: `receiveQueue.locate(offset)`, copy out, `consume(n)`. At 0 bytes, `isReceiveEnded` tells the end.
// - Writing: `sendBuffer.reserve`, copy in, `commit`; then `send()` once for all.
// - In the end `close()`, after which the observer hears no more.

import { ECONNRESET } from "../../abi/errno";
import { ControlMessage } from "../icmp/control";
import { Path } from "../ip/path";
import { SocketObserver } from "../observer";
import { Packet } from "../packet/packet";
import { Binding } from "../transport/ports";
import { segmentArrives } from "./arrival";
import { abort, close, finish, shutdown } from "./closing";
import { Congestion, Reno } from "./congestion";
import { receiveControl } from "./connection-control";
import { Cubic } from "./cubic";
import { Endpoint } from "./endpoint";
import { Listener } from "./listener";
import { MAX_SEND_BUFFER, Options } from "./options";
import { acknowledge, push, pushWindow } from "./output";
import { predicted } from "./prediction";
import { Rack } from "./rack";
import { Reassembly } from "./reassembly";
import { ReceiveQueue } from "./receive-queue";
import { ReceiveWindow } from "./receive-window";
import { Recovery } from "./recovery";
import { RoundTrip } from "./round-trip";
import { Scoreboard } from "./scoreboard";
import { Segment } from "./segment";
import { SendBuffer } from "./send-buffer";
import { SendWindow } from "./send-window";
import { canReceive, State } from "./state";
import { AcknowledgmentTimer, RetransmissionTimer, SlowTimer } from "./timers";

/** When an acknowledgment is to go out. */
export const enum Acknowledge {
  NOT = 0,
  /** When the delayed-acknowledgment timer goes off, or with the next data. */
  LATER,
  /** When the segments at hand have been handled. */
  NOW,
}

export class Connection extends Endpoint {
  observer: SocketObserver | null = null;
  options: Options = new Options();
  /** What went wrong, a positive errno, until the socket takes it (SO_ERROR). */
  error: i32 = 0;
  /** What may be wrong, told only when the connection then fails (RFC 1122 §4.2.3.9). */
  softError: i32 = 0;
  path: Path = new Path();
  /** Interface it is bound to, 0 for any. */
  index: i32 = 0;
  /** The port it holds, when it was bound by name. */
  binding: Binding | null = null;

  sendWindow: SendWindow = new SendWindow();
  receiveWindow: ReceiveWindow = new ReceiveWindow();
  sendBuffer: SendBuffer = new SendBuffer(this.options.sendBuffer);
  /** Sequence number of the send buffer's first byte. */
  bufferStart: u32 = 0;
  receiveQueue: ReceiveQueue = new ReceiveQueue();
  reassembly: Reassembly = new Reassembly();
  scoreboard: Scoreboard = new Scoreboard();
  rack: Rack = new Rack();
  recovery: Recovery = new Recovery();
  roundTrip: RoundTrip = new RoundTrip();
  congestion: Congestion = new Cubic();

  retransmission: RetransmissionTimer = new RetransmissionTimer(this);
  delayedAcknowledgment: AcknowledgmentTimer = new AcknowledgmentTimer(this);
  slow: SlowTimer = new SlowTimer(this);

  /** The addresses' part of the pseudo-header (checksum.ts). */
  addressSum: u64 = 0;
  /** Payload of a full segment, options taken off. */
  segmentSize: u32 = 536;
  /** What the peer's SYN said it takes (RFC 9293 §3.7.1: 536 when it said nothing). */
  peerSegmentSize: u32 = 536;
  hasTimestamps: bool = false;
  hasSack: bool = false;
  hasScaling: bool = false;
  timestampOffset: u32 = 0;
  /** TS.Recent and when it was taken (RFC 7323 §4.3). */
  timestampRecent: u32 = 0;
  timestampRecentNs: u64 = 0;

  /** Our FIN comes after the last byte of the buffer; it has been sent; it is acknowledged. */
  isFinQueued: bool = false;
  isFinSent: bool = false;
  /** The peer's FIN, when it came before all data: its sequence number. */
  hasEarlyFin: bool = false;
  earlyFin: u32 = 0;
  /** The program reads no more (shutdown). */
  isReceiveShut: bool = false;
  /** No socket holds this connection any more. */
  isOrphan: bool = false;
  isEstablishedOnce: bool = false;

  /** The last time something was sent, data arrived or progress was made. */
  sentNs: u64 = 0;
  receivedNs: u64 = 0;
  progressNs: u64 = 0;
  /** When RACK wants to look again, 0 for not. */
  reorderNs: u64 = 0;
  /** End of the last segment sent that was less than full (Nagle after Minshall). */
  smallEnd: u32 = 0;
  hasSmall: bool = false;
  /** Whether the congestion window was what held data back. */
  isWindowLimited: bool = false;
  /** The socket found no room to write and wants to hear of some. */
  wantsRoom: bool = false;
  acknowledgeWhen: Acknowledge = Acknowledge.NOT;
  /** Data goes back soon after data comes: an acknowledgment may wait for it. */
  isConversing: bool = false;
  /** Segments still to be acknowledged at once, while the peer's window opens. */
  quickAcknowledgments: u32 = 0;
  /** Zero-window and keepalive probes without an answer. */
  probes: u32 = 0;
  lastChallengeNs: u64 = 0;

  /** The peer's urgent pointer (RFC 9293 §3.8.5): position of the urgent byte, while `hasUrgent`. */
  hasUrgent: bool = false;
  urgentSequence: u32 = 0;

  /** Accept queue (listener.ts) and the list of connections with work to do (pending.ts). */
  listener: Listener | null = null;
  nextAccepted: Connection | null = null;
  nextPending: Connection | null = null;
  isPending: bool = false;

  /** Take over options: a socket's before connect, a listener's at accept. */
  configure(options: Options): void {
    this.options.assign(options);
    this.sendBuffer.limit = options.sendBuffer;
    this.receiveWindow.limit = options.receiveBuffer;
    this.receiveWindow.isAutomatic = !options.isReceiveBufferFixed;
    this.receiveWindow.clamp = options.windowClamp;
    if (options.usesReno) this.congestion = new Reno();
  }

  receive(segment: Segment, packet: Packet): void {
    if (!predicted(this, segment, packet)) segmentArrives(this, segment, packet);
  }

  control(report: ControlMessage): void {
    receiveControl(this, report);
  }

  /** Whether it has not come to its end. */
  get isOpen(): bool {
    return this.state != State.CLOSED;
  }

  /** Bytes held for the program or out of order. */
  get held(): u32 {
    return this.receiveQueue.length + this.reassembly.length;
  }

  /** Sequence number after the last byte written. */
  get dataEnd(): u32 {
    return this.bufferStart + this.sendBuffer.length;
  }

  /** Bytes written and not sent. */
  get unsent(): u32 {
    return this.isFinSent ? 0 : this.dataEnd - this.sendWindow.next;
  }

  /** Whether nothing more will come to read. */
  get isReceiveEnded(): bool {
    return this.isReceiveShut || (!canReceive(this.state) && this.state != State.SYN_SENT);
  }

  /** Whether a read would not wait. */
  get isReadable(): bool {
    return this.receiveQueue.length > 0 || this.isReceiveEnded || this.error != 0;
  }

  /**
   * Whether a write would not wait: a third of the buffer is free (as Linux's sk_stream_is_writeable), and less than half of
   * TCP_NOTSENT_LOWAT waits to be sent (tcp_stream_memory_free).
   */
  get isWritable(): bool {
    if (this.sendBuffer.room < this.sendBuffer.limit / 3) return false;
    let mark = this.options.notSentLowMark;
    return mark == 0 || this.unsent < (mark + 1) >> 1;
  }

  /** Whether as much waits to be sent as TCP_NOTSENT_LOWAT allows. */
  get isAtLowMark(): bool {
    let mark = this.options.notSentLowMark;
    return mark != 0 && this.unsent >= mark;
  }

  /** Somebody waits to write: tell when there is room. */
  offerRoom(): void {
    if (!this.isWritable) return;
    this.wantsRoom = false;
    let observer = this.observer;
    if (observer !== null) observer.writable();
  }

  /** Send what was committed to the buffer. */
  send(): void {
    push(this);
  }

  /** The program took `count` bytes from the queue. */
  consume(count: u32): void {
    this.receiveQueue.consume(count);
    pushWindow(this, count);
  }

  /** shutdown(SHUT_WR): send everything, then FIN. Returns 0 or -ENOTCONN. */
  shutdownSend(): i32 {
    return shutdown(this);
  }

  /** shutdown(SHUT_RD): what arrives from now on is acknowledged and dropped. */
  shutdownReceive(): void {
    this.isReceiveShut = true;
    this.receiveQueue.clear();
  }

  /** The socket goes. What was written is still sent; `isAbortive` (SO_LINGER 0) resets instead. */
  close(isAbortive: bool): void {
    close(this, isAbortive);
  }

  /** Reset and end with `error` (positive). */
  abort(error: i32): void {
    abort(this, error);
  }

  /** Ended from outside with ECONNRESET. */
  reset(): void {
    finish(this, ECONNRESET);
  }

  /** Bytes from the head of the receive queue to the urgent byte (man 7 tcp, SIOCATMARK at 0); -1 when none is ahead. */
  get urgentOffset(): i32 {
    if (!this.hasUrgent) return -1;
    let offset = this.urgentSequence - (this.receiveWindow.next - this.receiveQueue.length);
    return <i32>offset;
  }

  /** The urgent byte has been read, or the stream was read past it. */
  clearUrgent(): void {
    this.hasUrgent = false;
  }

  /** What was committed last ends with the urgent byte (MSG_OOB): call before `send`. */
  markUrgent(): void {
    this.sendWindow.urgent = this.dataEnd;
    this.sendWindow.hasUrgent = true;
  }

  /** Take the pending error. */
  takeError(): i32 {
    let error = this.error;
    this.error = 0;
    return error;
  }

  /** Send an acknowledgment right now. */
  acknowledge(): void {
    acknowledge(this);
  }

  /** Let the send buffer follow the congestion window (twice of it, as Linux's tcp_sndbuf_expand). */
  tuneSendBuffer(): void {
    if (this.options.isSendBufferFixed) return;
    let wanted = min<u32>(2 * this.congestion.window, MAX_SEND_BUFFER);
    if (wanted > this.sendBuffer.limit) this.sendBuffer.limit = wanted;
  }
}
