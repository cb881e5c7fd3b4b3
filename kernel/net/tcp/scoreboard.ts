// What was sent and is not acknowledged: one record per transmission, in sequence order, with its time and its fate
// (RFC 2018, RFC 6675; RFC 8985 §5 asks for the times).
//
//   SND.UNA                                                      SND.NXT
//   | record          | SACKED   | LOST           | LOST, RETRANSMITTED | record |
//
// A record covers what left in one packet, up to 64 KB when the device cuts segments. A SACK that covers a part splits it.
// Records are pooled: sending and acknowledging allocates nothing once the pool is warm.

import { after, before } from "./sequence";

export const enum Mark {
  /** The peer has it, out of order. */
  SACKED = 1,
  /** Taken for lost. */
  LOST = 2,
  /** Sent again after it was lost, and that copy is thought to be in flight. */
  RETRANSMITTED = 4,
  /** Sent more than once at some time: says nothing certain about the round trip. */
  REPEATED = 8,
}

/** Records one connection may have: a sender of tiny segments waits for acknowledgments beyond that. */
export const MAX_RECORDS: u32 = 4096;

export class SentSegment {
  start: u32 = 0;
  end: u32 = 0;
  sentNs: u64 = 0;
  marks: u32 = 0;
  next: SentSegment | null = null;

  get length(): u32 {
    return this.end - this.start;
  }

  has(mark: Mark): bool {
    return (this.marks & mark) != 0;
  }

  /** Whether it waits to be sent again. */
  get isPending(): bool {
    return (this.marks & (Mark.LOST | Mark.RETRANSMITTED)) == Mark.LOST;
  }
}

let spare: SentSegment | null = null;

function obtain(): SentSegment {
  let record = spare;
  if (record === null) return new SentSegment();
  spare = record.next;
  record.next = null;
  record.marks = 0;
  return record;
}

export function recycle(record: SentSegment): void {
  record.next = spare;
  spare = record;
}

export class Scoreboard {
  first: SentSegment | null = null;
  private last: SentSegment | null = null;
  count: u32 = 0;
  sackedBytes: u32 = 0;
  /** Lost and not sent again yet. */
  pendingBytes: u32 = 0;
  /** End of the highest SACKed record, when sackedBytes > 0. */
  highestSacked: u32 = 0;

  get isFull(): bool {
    return this.count >= MAX_RECORDS;
  }

  /** Bytes thought to be in the network: RFC 6675's "pipe". */
  pipe(outstanding: u32): u32 {
    return outstanding - this.sackedBytes - this.pendingBytes;
  }

  /** Note a first transmission of [start, end). */
  append(start: u32, end: u32, nowNs: u64): void {
    let record = obtain();
    record.start = start;
    record.end = end;
    record.sentNs = nowNs;
    let last = this.last;
    if (last === null) this.first = record;
    else last.next = record;
    this.last = record;
    this.count++;
  }

  /** Take the first record off when `acknowledgment` covers all of it, else cut what is covered; null when none is left to take. */
  takeAcknowledged(acknowledgment: u32): SentSegment | null {
    let record = this.first;
    if (record === null) return null;
    if (after(record.end, acknowledgment)) {
      if (before(record.start, acknowledgment)) {
        this.discount(record, acknowledgment - record.start);
        record.start = acknowledgment;
      }
      return null;
    }
    this.discount(record, record.length);
    this.first = record.next;
    if (this.first === null) this.last = null;
    record.next = null;
    this.count--;
    return record;
  }

  /** Split `record` at `at`, strictly inside it; the rest follows it in the list with the same marks. */
  split(record: SentSegment, at: u32): void {
    let rest = obtain();
    rest.start = at;
    rest.end = record.end;
    rest.sentNs = record.sentNs;
    rest.marks = record.marks;
    rest.next = record.next;
    record.next = rest;
    record.end = at;
    if (this.last === record) this.last = rest;
    this.count++;
  }

  /** The next record at or after `from` in the list that lies inside [start, end) and is not SACKED, cut to fit. */
  nextUnsacked(from: SentSegment | null, start: u32, end: u32): SentSegment | null {
    let record = from;
    while (record !== null && before(record.start, end)) {
      if (!record.has(Mark.SACKED) && after(record.end, start)) {
        if (before(record.start, start)) {
          this.split(record, start);
          record = record.next;
          continue;
        }
        if (after(record.end, end)) this.split(record, end);
        return record;
      }
      record = record.next;
    }
    return null;
  }

  markSacked(record: SentSegment): void {
    if (record.isPending) this.pendingBytes -= record.length;
    record.marks = (record.marks & Mark.REPEATED) | Mark.SACKED;
    if (this.sackedBytes == 0 || after(record.end, this.highestSacked)) this.highestSacked = record.end;
    this.sackedBytes += record.length;
  }

  /** Precondition: not SACKED, and not pending already. */
  markLost(record: SentSegment): void {
    record.marks = (record.marks & ~Mark.RETRANSMITTED) | Mark.LOST;
    this.pendingBytes += record.length;
  }

  markRetransmitted(record: SentSegment, nowNs: u64): void {
    if (record.isPending) this.pendingBytes -= record.length;
    record.marks |= Mark.RETRANSMITTED | Mark.REPEATED;
    record.sentNs = nowNs;
  }

  /** The first record that waits to be sent again, or null. */
  firstPending(): SentSegment | null {
    if (this.pendingBytes == 0) return null;
    let record = this.first;
    while (record !== null && !record.isPending) record = record.next;
    return record;
  }

  /** The last record, for a loss probe. */
  get newest(): SentSegment | null {
    return this.last;
  }

  /** Forget every SACK: the peer has gone back on them (RFC 2018 §8). */
  clearSacks(): void {
    let record = this.first;
    while (record !== null) {
      record.marks &= ~Mark.SACKED;
      record = record.next;
    }
    this.sackedBytes = 0;
  }

  /** Take nothing for lost any more: a timeout was a mistake. */
  clearLosses(): void {
    let record = this.first;
    while (record !== null) {
      record.marks &= ~(Mark.LOST | Mark.RETRANSMITTED);
      record = record.next;
    }
    this.pendingBytes = 0;
  }

  clear(): void {
    let record = this.first;
    while (record !== null) {
      let following = record.next;
      recycle(record);
      record = following;
    }
    this.first = null;
    this.last = null;
    this.count = 0;
    this.sackedBytes = 0;
    this.pendingBytes = 0;
  }

  private discount(record: SentSegment, bytes: u32): void {
    if (record.has(Mark.SACKED)) this.sackedBytes -= bytes;
    else if (record.isPending) this.pendingBytes -= bytes;
  }
}
