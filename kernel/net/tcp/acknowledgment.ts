// What an acknowledgment does to what we have sent (RFC 9293 §3.10.7.4 "fifth", RFC 2018, RFC 6675, RFC 8985).

import * as clock from "../clock";
import { Counter, count } from "../counters";
import { challenge } from "./challenge";
import { Connection } from "./connection";
import { Phase } from "./recovery";
import { Mark, recycle, SentSegment } from "./scoreboard";
import { Segment } from "./segment";
import { after, atOrAfter, atOrBefore, before } from "./sequence";

/** Duplicate acknowledgments that mean loss for a peer without SACK (RFC 5681 §3.2). */
const DUPLICATE_THRESHOLD: u32 = 3;

/** Bytes that this acknowledgment newly says have arrived. */
let delivered: u32 = 0;
/** A round trip measured on a segment that was sent once; 0 for none. */
let sampleNs: u64 = 0;
let isEchoOlder: bool = false;

/** Handle the acknowledgment of a segment. False when the segment is to be dropped. */
export function process(c: Connection, segment: Segment): bool {
  let window = c.sendWindow;
  let acknowledgment = segment.acknowledgment;
  // RFC 5961 §5.2: too old or for what was never sent is someone else's guess.
  if (after(acknowledgment, window.next) || before(acknowledgment, window.unacknowledged - window.maximum)) {
    count(Counter.TCP_BAD_ACKNOWLEDGMENT);
    challenge(c);
    return false;
  }
  c.probes = 0;
  let isNew = after(acknowledgment, window.unacknowledged);
  let hasOutstanding = window.outstanding > 0;
  let isUpdate: bool = false;
  if (atOrAfter(acknowledgment, window.unacknowledged)) {
    let wasShut = window.window == 0;
    isUpdate = window.update(segment.window, segment.sequence, acknowledgment);
    if (wasShut && window.window > 0) c.progressNs = clock.nowNs;
  }
  if (!hasOutstanding) return true;
  delivered = 0;
  sampleNs = 0;
  let wasOpen = c.recovery.isOpen;
  if (segment.sackCount > 0 && c.hasSack) processSacks(c, segment);
  if (isNew) advance(c, segment);
  else if (!c.hasSack) countDuplicate(c, segment, isUpdate);
  if (sampleNs != 0) c.roundTrip.sample(sampleNs);
  if (c.rack.isProbing) endProbe(c, acknowledgment);
  react(c, segment, isNew, wasOpen);
  return true;
}

/** The common case of `process`: new data acknowledged in order, no trouble before or now. */
export function advanceInOrder(c: Connection, segment: Segment): void {
  delivered = 0;
  sampleNs = 0;
  c.probes = 0;
  let wasLimited = c.isWindowLimited;
  advance(c, segment);
  if (sampleNs != 0) c.roundTrip.sample(sampleNs);
  if (c.rack.isProbing) endProbe(c, segment.acknowledgment);
  if (wasLimited && delivered > 0) grow(c, delivered);
}

/** Everything before the acknowledgment number has arrived. */
function advance(c: Connection, segment: Segment): void {
  let window = c.sendWindow;
  let acknowledgment = segment.acknowledgment;
  let bytes = acknowledgment - window.unacknowledged;
  let board = c.scoreboard;
  noteEcho(c, segment);
  let sackedBefore = board.sackedBytes;
  let outstanding = window.outstanding;
  let record = board.takeAcknowledged(acknowledgment);
  while (record !== null) {
    if (!record.has(Mark.SACKED)) noteArrived(c, record, segment.hasTimestamps);
    recycle(record);
    record = board.takeAcknowledged(acknowledgment);
  }
  window.unacknowledged = acknowledgment;
  // What was SACKED before had been delivered before.
  delivered += outstanding - window.outstanding - (sackedBefore - board.sackedBytes);
  let data = min(bytes, c.sendBuffer.length);
  c.sendBuffer.release(data);
  c.bufferStart += data;
  c.progressNs = clock.nowNs;
  c.recovery.timeouts = 0;
  c.softError = 0;
  c.reorderNs = 0;
  let neighbour = c.path.neighbour;
  if (neighbour !== null) neighbour.confirm();
  if (c.wantsRoom) c.offerRoom();
}

/** Whether the echoed timestamp is of an earlier transmission than the records' last. Set once per acknowledgment. */
function noteEcho(c: Connection, segment: Segment): void {
  isEchoOlder = false;
  let first = c.scoreboard.first;
  if (!segment.hasTimestamps || first === null) return;
  isEchoOlder = before(segment.timestampEcho, <u32>(first.sentNs / clock.MILLISECOND) + c.timestampOffset);
}

/** A record has arrived for the first time we know of. */
function noteArrived(c: Connection, record: SentSegment, hasEcho: bool): void {
  if (!record.has(Mark.REPEATED)) sampleNs = max<u64>(clock.nowNs - record.sentNs, 1);
  c.rack.update(record, c.roundTrip.minimumNs, hasEcho, isEchoOlder);
}

function processSacks(c: Connection, segment: Segment): void {
  let window = c.sendWindow;
  noteEcho(c, segment);
  let from = 0;
  if (isDuplicateSack(segment)) {
    count(Counter.TCP_DUPLICATE_SACKS_RECEIVED);
    c.rack.noteDuplicate(window.unacknowledged, window.next);
    // The probe was needless: nothing had been lost.
    if (c.rack.isProbing && c.rack.isProbeRetransmission) c.rack.isProbing = false;
    from = 1;
  }
  for (let i = from; i < segment.sackCount; i++) {
    let start = segment.sackStart[i];
    let end = segment.sackEnd[i];
    // Only ranges inside what is in flight can be true.
    if (!before(start, end) || after(end, window.next) || !after(start, window.unacknowledged)) continue;
    processSack(c, start, end, segment.hasTimestamps);
  }
}

function processSack(c: Connection, start: u32, end: u32, hasEcho: bool): void {
  let board = c.scoreboard;
  let record = board.nextUnsacked(board.first, start, end);
  while (record !== null) {
    noteArrived(c, record, hasEcho);
    delivered += record.length;
    board.markSacked(record);
    record = board.nextUnsacked(record.next, start, end);
  }
}

/** RFC 2883 §4: the first block is below the acknowledgment, or inside the second. */
function isDuplicateSack(segment: Segment): bool {
  let start = segment.sackStart[0];
  let end = segment.sackEnd[0];
  if (atOrBefore(end, segment.acknowledgment)) return true;
  if (segment.sackCount < 2) return false;
  return atOrAfter(start, segment.sackStart[1]) && atOrBefore(end, segment.sackEnd[1]);
}

/** RFC 5681 §2: no data, no window change, nothing new acknowledged, something in flight. */
function countDuplicate(c: Connection, segment: Segment, isUpdate: bool): void {
  if (segment.length > 0 || isUpdate || segment.acknowledgment != c.sendWindow.unacknowledged) return;
  c.recovery.duplicates++;
  let first = c.scoreboard.first;
  if (c.recovery.duplicates == DUPLICATE_THRESHOLD && c.recovery.isOpen && first !== null && !first.isPending) {
    c.scoreboard.markLost(first);
  }
}

/** The acknowledgment says what became of the loss probe (RFC 8985 §7.4). */
function endProbe(c: Connection, acknowledgment: u32): void {
  if (before(acknowledgment, c.rack.probeEnd)) return;
  c.rack.isProbing = false;
  if (!c.rack.isProbeRetransmission) return;
  // The probe itself repaired a loss that nobody reported: the window pays for it.
  count(Counter.TCP_LOSS_PROBE_RECOVERIES);
  if (!c.recovery.isOpen) return;
  c.congestion.window = c.congestion.lost();
}

/** Enter, follow or leave recovery, and size the window. */
function react(c: Connection, segment: Segment, isNew: bool, wasOpen: bool): void {
  let recovery = c.recovery;
  let congestion = c.congestion;
  if (isNew && !wasOpen) {
    if (recovery.undoIfSpurious(congestion, segment.hasTimestamps, segment.timestampEcho)) {
      count(Counter.TCP_SPURIOUS_TIMEOUTS);
      c.scoreboard.clearLosses();
    }
    if (recovery.leaveAt(segment.acknowledgment, congestion)) c.rack.noteRecoveryEnd();
    else if (!c.hasSack && recovery.phase == Phase.RECOVERY) markPartial(c);
  }
  if (isNew) recovery.duplicates = 0;
  detectLosses(c);
  if (recovery.phase == Phase.RECOVERY) {
    let pipe = c.scoreboard.pipe(c.sendWindow.outstanding);
    let fresh = delivered == 0 && !c.hasSack ? c.segmentSize : delivered;
    recovery.reduce(congestion, fresh, pipe, c.segmentSize);
  } else if (delivered > 0 && (c.isWindowLimited || recovery.phase == Phase.LOSS)) {
    grow(c, delivered);
  }
}

function grow(c: Connection, bytes: u32): void {
  c.congestion.acknowledged(bytes, c.roundTrip.smoothedNs);
  c.tuneSendBuffer();
}

/** A partial acknowledgment: the next hole is lost too (RFC 6582 §3.2). */
function markPartial(c: Connection): void {
  let first = c.scoreboard.first;
  if (first !== null && !first.isPending && !first.has(Mark.REPEATED)) c.scoreboard.markLost(first);
}

/** Let RACK look, and begin a recovery when something is lost. */
export function detectLosses(c: Connection): void {
  let board = c.scoreboard;
  let recovery = c.recovery;
  c.reorderNs = 0;
  if (c.hasSack && board.first !== null && (board.sackedBytes > 0 || !recovery.isOpen)) {
    let isThreshold = board.sackedBytes > (DUPLICATE_THRESHOLD - 1) * c.segmentSize;
    let pendingBefore = board.pendingBytes;
    let smoothed = c.roundTrip.smoothedNs;
    let waitNs = c.rack.detect(board, !recovery.isOpen, isThreshold, smoothed, c.roundTrip.minimumNs);
    if (waitNs > 0) c.reorderNs = clock.nowNs + waitNs;
    if (board.pendingBytes > pendingBefore) count(Counter.TCP_RACK_LOSSES);
  }
  if (board.pendingBytes == 0 || !recovery.isOpen) return;
  count(c.hasSack ? Counter.TCP_SACK_RECOVERIES : Counter.TCP_RENO_RECOVERIES);
  let pipe = board.pipe(c.sendWindow.outstanding);
  recovery.enterRecovery(c.congestion, c.sendWindow.next, pipe, clock.nowMs() + c.timestampOffset);
}
