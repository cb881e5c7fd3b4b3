// What a connection sends, and when: new data within both windows, lost data again, acknowledgments, probes.

import * as mem from "machine/mem";
import * as checksum from "../checksum";
import * as clock from "../clock";
import { add, Counter, count } from "../counters";
import { Feature } from "../link/device";
import * as ip from "../ip/output";
import { allocate, Checksum, Packet, Segmentation } from "../packet/packet";
import { store32 } from "../wire/bytes";
import { Protocol } from "../wire/ipv4";
import * as wire from "../wire/tcp";
import { TCP_CHECKSUM, TCP_HEADER, TcpFlag, TIMESTAMPS_SPACE } from "../wire/tcp";
import { Acknowledge, Connection } from "./connection";
import { DELAYED_NS } from "./data";
import { SentSegment } from "./scoreboard";
import { after } from "./sequence";
import { canTransmit, isSynchronized, State } from "./state";
import { Purpose } from "./timers";

/** The most payload of one packet that the device cuts up: 64 KB with all headers (the IP length field). */
const MAX_BURST: u32 = 65535 - 100;
/** The least segment we will cut data into (Linux's TCP_MIN_SND_MSS with options). */
const MIN_SEGMENT: u32 = 48;
/** How long a partial segment is held back by TCP_CORK (man 7 tcp), and how soon we try again when memory is short. */
const CORK_NS: u64 = 200 * clock.MILLISECOND;
const RETRY_NS: u64 = 10 * clock.MILLISECOND;

/** Send what may be sent now, and set the timer for what then is open. */
export function push(c: Connection): void {
  if (!canTransmit(c.state)) return;
  if (c.sendWindow.outstanding == 0 && c.unsent == 0 && (!c.isFinQueued || c.isFinSent)) {
    clock.cancel(c.retransmission);
    return;
  }
  if (!c.path.isFresh) refreshPath(c);
  let isStuck = false;
  if (c.scoreboard.pendingBytes > 0) isStuck = !retransmitPending(c);
  if (!isStuck) isStuck = !sendNew(c);
  armRetransmission(c, isStuck);
  // With TCP_NOTSENT_LOWAT what is sent makes room, not only what is acknowledged.
  if (c.wantsRoom && c.options.notSentLowMark != 0) c.offerRoom();
}

/** The program took data: tell the peer when that opens the window by much (RFC 9293 §3.8.6.2.2). */
export function pushWindow(c: Connection, taken: u32): void {
  let receive = c.receiveWindow;
  if (receive.adapt(taken, clock.nowNs, c.roundTrip.smoothedNs)) count(Counter.TCP_AUTOTUNED);
  let gain = receive.gain(c.held);
  if (gain == 0 || !isSynchronized(c.state) || c.isReceiveEnded) return;
  let isWorth = gain >= receive.limit >> 1 || (receive.window < receive.segmentSize && gain >= receive.segmentSize);
  // A program that took everything and has nothing to say must not keep the sender waiting: it may be held back by a
  // small buffer (as Linux's tcp_cleanup_rbuf, which asks for "pingpong" too).
  let isDrained = !c.isConversing && c.acknowledgeWhen == Acknowledge.LATER && c.held == 0;
  if (isWorth || isDrained) acknowledge(c);
}

/** Send an acknowledgment without data. */
export function acknowledge(c: Connection): void {
  if (!isSynchronized(c.state) && c.state != State.SYN_RECEIVED) return;
  if (!emit(c, c.sendWindow.next, 0, TcpFlag.ACK)) clock.arm(c.delayedAcknowledgment, RETRY_NS);
}

/** An old sequence number and no data: the peer answers with its window and acknowledgment (zero-window and keepalive probes). */
export function probe(c: Connection): bool {
  return emit(c, c.sendWindow.unacknowledged - 1, 0, TcpFlag.ACK);
}

/** RST at our side's end. */
export function sendReset(c: Connection): void {
  count(Counter.TCP_OUT_RESETS);
  emit(c, c.sendWindow.next, 0, TcpFlag.RST | TcpFlag.ACK);
}

/** Work the way out anew, and the segment size with it. */
export function refreshPath(c: Connection): bool {
  if (c.path.resolve(c.remote, c.local, c.index) < 0) return false;
  updateSegmentSize(c);
  return true;
}

/** The largest segment that path, peer and program agree to. */
export function updateSegmentSize(c: Connection): void {
  let size = pathSegmentSize(c);
  if (c.peerSegmentSize < size) size = c.peerSegmentSize;
  let options = c.hasTimestamps ? TIMESTAMPS_SPACE : 0;
  size = size > options + MIN_SEGMENT ? size - options : MIN_SEGMENT;
  if (size != c.segmentSize) {
    c.segmentSize = size;
    c.congestion.setSegment(size);
  }
}

/** What our own SYN offers, and the path takes. */
export function pathSegmentSize(c: Connection): u32 {
  let size = c.path.mtu - ip.headerLength(c.remote) - TCP_HEADER;
  let wanted = c.options.maximumSegmentSize;
  return wanted != 0 && wanted < size ? wanted : size;
}

/** SACK blocks that the next segment will carry. */
function sackBlocks(c: Connection): i32 {
  if (!c.hasSack) return 0;
  let blocks = c.reassembly.blocks + (c.reassembly.hasDuplicate ? 1 : 0);
  return min<i32>(blocks, c.hasTimestamps ? 3 : 4);
}

/** Repeat what is lost, as far as the congestion window goes. False when a packet could not be made. */
function retransmitPending(c: Connection): bool {
  let board = c.scoreboard;
  let record = board.firstPending();
  while (record !== null) {
    if (record.isPending) {
      let pipe = board.pipe(c.sendWindow.outstanding);
      let size = min(record.length, c.segmentSize);
      if (pipe > 0 && pipe + size > c.congestion.window) {
        c.isWindowLimited = true;
        return true;
      }
      if (!retransmit(c, record)) return false;
    }
    record = record.next;
  }
  return true;
}

/** Send one record again; what is longer than a segment is cut off it first. */
export function retransmit(c: Connection, record: SentSegment): bool {
  let size = c.segmentSize - sackSpace(c);
  let length = record.length;
  let dataEnd = c.dataEnd;
  let hasFin = c.isFinSent && record.end == dataEnd + 1;
  let data = hasFin ? length - 1 : length;
  if (data > size) {
    c.scoreboard.split(record, record.start + size);
    data = size;
    hasFin = false;
  }
  if (!emit(c, record.start, data, TcpFlag.ACK | TcpFlag.PSH | (hasFin ? TcpFlag.FIN : 0))) return false;
  c.scoreboard.markRetransmitted(record, clock.nowNs);
  c.recovery.noteSent(record.length);
  count(Counter.TCP_RETRANSMITTED_SEGMENTS);
  return true;
}

function sackSpace(c: Connection): u32 {
  let blocks = sackBlocks(c);
  return blocks == 0 ? 0 : 4 + 8 * <u32>blocks;
}

/** Send new data and FIN. False when a packet could not be made. */
function sendNew(c: Connection): bool {
  if (c.isFinSent) return true;
  let window = c.sendWindow;
  let segment = c.segmentSize - sackSpace(c);
  restartAfterIdle(c);
  c.isWindowLimited = false;
  while (!c.isFinSent && !c.scoreboard.isFull) {
    let available = c.dataEnd - window.next;
    if (available == 0 && !c.isFinQueued) break;
    let usable = window.usable;
    if (usable == 0) break;
    let size: u32 = 0;
    if (available > 0) {
      size = choose(c, available, usable, segment);
      if (size == 0) break;
    }
    let hasFin = size == available && c.isFinQueued && size < usable;
    if (size == 0 && !hasFin) break;
    let flags: u32 = TcpFlag.ACK | (size == available ? TcpFlag.PSH : 0) | (hasFin ? TcpFlag.FIN : 0);
    if (!emitSized(c, window.next, size, flags, segment)) return false;
    noteSent(c, size, hasFin, segment);
  }
  return true;
}

/** How much to send in one packet; 0 to wait (RFC 9293 §3.7.4, §3.8.6.2.1). */
function choose(c: Connection, available: u32, usable: u32, segment: u32): u32 {
  let pipe = c.scoreboard.pipe(c.sendWindow.outstanding);
  let credit = c.congestion.window > pipe ? c.congestion.window - pipe : 0;
  if (credit < available && credit < segment) {
    c.isWindowLimited = true;
    if (pipe > 0) return 0;
    credit = segment;
  }
  let size = min(min(available, usable), min(credit, burstLimit(c, segment)));
  if (size >= segment) {
    let tail = size % segment;
    if (tail != 0 && (size < available || mustHold(c))) size -= tail;
    return size;
  }
  // A partial segment: only as the end of what there is, or when the peer's window is that small.
  if (size < available) return size >= c.sendWindow.maximum >> 1 ? size : 0;
  return mustHold(c) ? 0 : size;
}

/** Nagle, after Minshall: one small segment in flight at a time; and TCP_CORK. */
function mustHold(c: Connection): bool {
  if (c.isFinQueued) return false;
  if (c.options.isCorked) return true;
  if (c.options.noDelay) return false;
  return c.hasSmall && after(c.smallEnd, c.sendWindow.unacknowledged);
}

function burstLimit(c: Connection, segment: u32): u32 {
  let device = c.path.device;
  let feature = c.remote.isIpv4 ? Feature.SEGMENT_TCP_IPV4 : Feature.SEGMENT_TCP_IPV6;
  if (device === null || !device.has(feature)) return segment;
  return segment >= MAX_BURST ? segment : MAX_BURST - (MAX_BURST % segment);
}

/** RFC 5681 §4.1: after an idle timeout the old window is no guide. */
function restartAfterIdle(c: Connection): void {
  if (c.sendWindow.outstanding != 0 || c.sentNs == 0) return;
  if (clock.nowNs - c.sentNs > c.roundTrip.timeoutNs) c.congestion.restart();
}

function noteSent(c: Connection, size: u32, hasFin: bool, segment: u32): void {
  let window = c.sendWindow;
  if (window.outstanding == 0) c.progressNs = clock.nowNs;
  let end = window.next + size + (hasFin ? 1 : 0);
  c.scoreboard.append(window.next, end, clock.nowNs);
  window.next = end;
  if (hasFin) c.isFinSent = true;
  if (size % segment != 0) {
    c.smallEnd = end;
    c.hasSmall = true;
  }
  if (!c.recovery.isOpen) c.recovery.noteSent(size);
  c.sentNs = clock.nowNs;
  // A peer that is answered is in a dialogue: its acknowledgments travel with our data.
  c.quickAcknowledgments = 0;
}

/** Set the one timer for whatever comes next (RFC 8985 §7.1: loss probe, reordering window and timeout share it). */
export function armRetransmission(c: Connection, isStuck: bool): void {
  let timer = c.retransmission;
  if (c.sendWindow.outstanding > 0) {
    let timeoutNs = c.progressNs + c.roundTrip.backedOff(c.recovery.timeouts);
    if (timeoutNs <= clock.nowNs) timeoutNs = clock.nowNs + clock.MILLISECOND;
    if (c.reorderNs != 0) {
      armFor(c, Purpose.REORDER, min(c.reorderNs, timeoutNs));
      return;
    }
    if (mayProbe(c)) {
      let isSingle = c.sendWindow.outstanding <= c.segmentSize;
      let probeNs = clock.nowNs + c.rack.probeTimeoutNs(c.roundTrip.smoothedNs, isSingle);
      if (probeNs < timeoutNs) {
        armFor(c, Purpose.LOSS_PROBE, probeNs);
        return;
      }
    }
    armFor(c, Purpose.TIMEOUT, timeoutNs);
    return;
  }
  if (c.unsent == 0 && (!c.isFinQueued || c.isFinSent)) {
    clock.cancel(timer);
    return;
  }
  if (isStuck) {
    armFor(c, Purpose.RELEASE, clock.nowNs + RETRY_NS);
    return;
  }
  if (c.options.isCorked && c.sendWindow.usable > 0) {
    armUnlessArmed(c, Purpose.RELEASE, CORK_NS);
    return;
  }
  armUnlessArmed(c, Purpose.PERSIST, c.roundTrip.backedOff(c.probes));
}

function armFor(c: Connection, purpose: Purpose, deadlineNs: u64): void {
  c.retransmission.purpose = purpose;
  clock.timers.arm(c.retransmission, deadlineNs);
}

/** Waiting for the same thing already is not begun anew. */
function armUnlessArmed(c: Connection, purpose: Purpose, delayNs: u64): void {
  if (c.retransmission.isArmed && c.retransmission.purpose == purpose) return;
  armFor(c, purpose, clock.nowNs + delayNs);
}

function mayProbe(c: Connection): bool {
  if (!c.hasSack || !c.roundTrip.isMeasured || c.rack.isProbing) return false;
  return c.recovery.isOpen && c.scoreboard.sackedBytes == 0;
}

/** Send past the windows for a loss probe: one new segment if there is one, else the last again (RFC 8985 §7.3). */
export function sendLossProbe(c: Connection): void {
  let window = c.sendWindow;
  let available = c.unsent;
  let size = min(min(available, window.usable), c.segmentSize - sackSpace(c));
  c.rack.isProbeRetransmission = false;
  if (size > 0) {
    let flags: u32 = TcpFlag.ACK | (size == available ? TcpFlag.PSH : 0);
    if (!emit(c, window.next, size, flags)) return;
    noteSent(c, size, false, c.segmentSize);
  } else {
    let record = c.scoreboard.newest;
    if (record === null) return;
    if (record.length > c.segmentSize) {
      c.scoreboard.split(record, record.end - c.segmentSize);
      record = c.scoreboard.newest;
      if (record === null) return;
    }
    c.rack.isProbeRetransmission = true;
    if (!retransmit(c, record)) return;
  }
  count(Counter.TCP_LOSS_PROBES);
  // The timeout begins anew with the probe (RFC 8985 §7.3).
  c.progressNs = clock.nowNs;
  c.rack.isProbing = true;
  c.rack.probeEnd = window.next;
}

function emit(c: Connection, sequence: u32, length: u32, flags: u32): bool {
  return emitSized(c, sequence, length, flags, c.segmentSize);
}

/** Make a segment and send it. `segment` is the payload per packet on the wire when the device is to cut it. */
function emitSized(c: Connection, sequence: u32, length: u32, flags: u32, segment: u32): bool {
  if (!c.path.isFresh && !refreshPath(c)) return false;
  let packet = allocate();
  if (packet === null) {
    count(Counter.TCP_MEMORY_PRESSURES);
    return false;
  }
  if (length > 0 && !c.sendBuffer.attach(packet, sequence - c.bufferStart, length)) {
    packet.release();
    return false;
  }
  let blocks = (flags & TcpFlag.RST) != 0 ? 0 : sackBlocks(c);
  let size = TCP_HEADER + (c.hasTimestamps ? TIMESTAMPS_SPACE : 0) + (blocks > 0 ? 4 + 8 * <u32>blocks : 0);
  let header = packet.prepend(size);
  let urgent = urgentFor(c, sequence);
  if (urgent != 0) flags |= TcpFlag.URG;
  let receive = c.receiveWindow;
  let field = receive.advertise(c.held);
  wire.write(header, c.localPort, c.remotePort, sequence, receive.next, size, flags, field, urgent);
  let option = header + <u64>TCP_HEADER;
  if (c.hasTimestamps) {
    wire.writeTimestamps(option, clock.nowMs() + c.timestampOffset, c.timestampRecent);
    option += <u64>TIMESTAMPS_SPACE;
  }
  if (blocks > 0) writeSack(c, option, blocks);
  if (length > 0 && clock.nowNs - c.receivedNs < DELAYED_NS) c.isConversing = true;
  noteAcknowledged(c);
  count(Counter.TCP_OUT_SEGMENTS);
  if (length > segment) {
    packet.segmentation = c.remote.isIpv4 ? Segmentation.TCP_IPV4 : Segmentation.TCP_IPV6;
    packet.segmentSize = segment;
    add(Counter.TCP_OUT_SEGMENTS, <u64>((length - 1) / segment));
  }
  leaveChecksum(packet, header, c.addressSum);
  ip.send(packet, c.path, c.remote, Protocol.TCP, c.options.hopLimit, c.options.trafficClass, false);
  return true;
}

/** Put the pseudo-header's sum where the checksum goes; the device, or the link layer, does the rest. */
export function leaveChecksum(packet: Packet, header: u64, addresses: u64): void {
  packet.checksum = Checksum.PARTIAL;
  packet.checksumStart = packet.front;
  packet.checksumOffset = TCP_CHECKSUM;
  let sum = checksum.pseudoSum(addresses, Protocol.TCP, packet.length);
  mem.store16(header + <u64>TCP_CHECKSUM, checksum.fold(sum));
}

/** Everything received so far is acknowledged by the segment that leaves now. */
function noteAcknowledged(c: Connection): void {
  c.receiveWindow.acknowledged = c.receiveWindow.next;
  c.acknowledgeWhen = Acknowledge.NOT;
  clock.cancel(c.delayedAcknowledgment);
}

function writeSack(c: Connection, option: u64, blocks: i32): void {
  let reassembly = c.reassembly;
  wire.writeSackHead(option, blocks);
  option += 4;
  let left = blocks;
  if (reassembly.hasDuplicate) {
    store32(option, reassembly.duplicateStart);
    store32(option + 4, reassembly.duplicateEnd);
    reassembly.noteDuplicate(0, 0);
    count(Counter.TCP_DUPLICATE_SACKS_SENT);
    option += 8;
    left--;
  }
  for (let i = 0; i < left; i++) {
    store32(option, reassembly.blockStart[i]);
    store32(option + 4, reassembly.blockEnd[i]);
    option += 8;
  }
}

/** The urgent pointer of a segment at `sequence`, 0 for none (RFC 9293 §3.8.5, RFC 6093 §3.1: it points after the data). */
function urgentFor(c: Connection, sequence: u32): u32 {
  let window = c.sendWindow;
  if (!window.hasUrgent) return 0;
  let distance = window.urgent - sequence;
  return after(window.urgent, sequence) && distance <= 0xffff ? distance : 0;
}
