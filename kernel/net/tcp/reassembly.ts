// What has arrived out of order: packets by sequence number without overlaps, and the ranges to report in SACK options
// (RFC 2018 §4: the one that changed last comes first).

import { Counter, count } from "../counters";
import { Packet } from "../packet/packet";
import { MAX_SACK_BLOCKS } from "./segment";
import { after, atOrAfter, atOrBefore, before, earlier, later } from "./sequence";

/** Packets out of order on one connection. */
const MAX_PACKETS: u32 = 2048;

export class Reassembly {
  private first: Packet | null = null;
  private last: Packet | null = null;
  private count: u32 = 0;
  /** Bytes held. */
  length: u32 = 0;
  footprint: u32 = 0;
  /** SACK blocks, latest first. */
  blocks: i32 = 0;
  blockStart: StaticArray<u32> = new StaticArray<u32>(MAX_SACK_BLOCKS);
  blockEnd: StaticArray<u32> = new StaticArray<u32>(MAX_SACK_BLOCKS);
  /** A range that arrived twice, to be reported once (RFC 2883). */
  duplicateStart: u32 = 0;
  duplicateEnd: u32 = 0;

  get isEmpty(): bool {
    return this.first === null;
  }

  get hasDuplicate(): bool {
    return this.duplicateStart != this.duplicateEnd;
  }

  /** Note that [start, end) came again. */
  noteDuplicate(start: u32, end: u32): void {
    this.duplicateStart = start;
    this.duplicateEnd = end;
  }

  /** Keep a payload whose place is later in the stream; it is cut where it overlaps what is there. False when it was dropped. */
  insert(packet: Packet): bool {
    if (this.count >= MAX_PACKETS) {
      count(Counter.TCP_OUT_OF_ORDER_DROPS);
      packet.release();
      return false;
    }
    let last = this.last;
    let previous: Packet | null = null;
    let next = this.first;
    if (last !== null && atOrAfter(packet.sequence, last.sequenceEnd)) {
      previous = last;
      next = null;
    } else {
      while (next !== null && atOrBefore(next.sequence, packet.sequence)) {
        previous = next;
        next = next.next;
      }
    }
    if (previous !== null && after(previous.sequenceEnd, packet.sequence)) {
      if (atOrAfter(previous.sequenceEnd, packet.sequenceEnd)) {
        this.noteDuplicate(packet.sequence, packet.sequenceEnd);
        packet.release();
        return false;
      }
      this.noteDuplicate(packet.sequence, previous.sequenceEnd);
      packet.strip(previous.sequenceEnd - packet.sequence);
      packet.sequence = previous.sequenceEnd;
    }
    while (next !== null && after(packet.sequenceEnd, next.sequence)) {
      if (before(packet.sequenceEnd, next.sequenceEnd)) {
        packet.trim(next.sequence - packet.sequence);
        packet.sequenceEnd = next.sequence;
        break;
      }
      // The new one covers the next whole.
      let following = next.next;
      this.noteDuplicate(next.sequence, next.sequenceEnd);
      this.unlink(previous, next);
      next.release();
      next = following;
    }
    this.link(previous, packet);
    this.extendBlocks(packet.sequence, packet.sequenceEnd);
    return true;
  }

  /** Take off the first packet when it continues the stream at `next`, cut to begin there; null when there is a gap. */
  take(next: u32): Packet | null {
    while (true) {
      let packet = this.first;
      if (packet === null || after(packet.sequence, next)) return null;
      this.unlink(null, packet);
      if (atOrBefore(packet.sequenceEnd, next)) {
        packet.release();
        continue;
      }
      if (packet.sequence != next) {
        packet.strip(next - packet.sequence);
        packet.sequence = next;
      }
      return packet;
    }
  }

  /** Forget the blocks that the cumulative acknowledgment covers. */
  trimBlocks(next: u32): void {
    let kept = 0;
    for (let i = 0; i < this.blocks; i++) {
      if (atOrBefore(this.blockEnd[i], next)) continue;
      this.blockStart[kept] = this.blockStart[i];
      this.blockEnd[kept] = this.blockEnd[i];
      kept++;
    }
    this.blocks = kept;
  }

  /** Give everything up: memory is short (allowed by RFC 2018 §8). */
  clear(): void {
    let packet = this.first;
    while (packet !== null) {
      let following = packet.next;
      packet.next = null;
      packet.release();
      packet = following;
    }
    this.first = null;
    this.last = null;
    this.count = 0;
    this.length = 0;
    this.footprint = 0;
    this.blocks = 0;
  }

  private link(previous: Packet | null, packet: Packet): void {
    if (previous === null) {
      packet.next = this.first;
      this.first = packet;
    } else {
      packet.next = previous.next;
      previous.next = packet;
    }
    if (packet.next === null) this.last = packet;
    this.count++;
    this.length += packet.sequenceEnd - packet.sequence;
    this.footprint += packet.footprint;
  }

  private unlink(previous: Packet | null, packet: Packet): void {
    if (previous === null) this.first = packet.next;
    else previous.next = packet.next;
    if (this.last === packet) this.last = previous;
    packet.next = null;
    this.count--;
    this.length -= packet.sequenceEnd - packet.sequence;
    this.footprint -= packet.footprint;
  }

  /** Merge [start, end) with the blocks it touches and put the result in front. */
  private extendBlocks(start: u32, end: u32): void {
    let kept = 0;
    for (let i = 0; i < this.blocks; i++) {
      if (atOrBefore(this.blockStart[i], end) && atOrBefore(start, this.blockEnd[i])) {
        start = earlier(start, this.blockStart[i]);
        end = later(end, this.blockEnd[i]);
        continue;
      }
      this.blockStart[kept] = this.blockStart[i];
      this.blockEnd[kept] = this.blockEnd[i];
      kept++;
    }
    kept = min(kept, MAX_SACK_BLOCKS - 1);
    for (let i = kept; i > 0; i--) {
      this.blockStart[i] = this.blockStart[i - 1];
      this.blockEnd[i] = this.blockEnd[i - 1];
    }
    this.blockStart[0] = start;
    this.blockEnd[0] = end;
    this.blocks = kept + 1;
  }
}
