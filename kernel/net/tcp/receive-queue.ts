// What has arrived in order and waits for the program: packets, stripped to their payload.
//
// Nothing is copied on the way in, but for small segments, which move into the packet before them when it has room: a
// peer that sends single bytes cannot fill memory with packet heads.
//
// Rules of use: read with `locate` (a place and how much stands there), copy out, then `consume`.

import * as mem from "machine/mem";
import { Counter, count } from "../counters";
import { Packet, Piece } from "../packet/packet";
import { PacketQueue } from "../packet/queue";

/** Payloads up to this size are copied together. */
const COALESCE_LIMIT: u32 = 512;

export class ReceiveQueue extends Piece {
  private packets: PacketQueue = new PacketQueue();
  /** Bytes held. */
  length: u32 = 0;

  get isEmpty(): bool {
    return this.length == 0;
  }

  /** Packet heads held. */
  get packetCount(): u32 {
    return this.packets.length;
  }

  /** Memory held: what a hostile peer makes us keep. */
  get footprint(): u32 {
    return this.packets.footprint;
  }

  /** Append a payload; the packet is the queue's. */
  push(packet: Packet): void {
    let length = packet.length;
    this.length += length;
    if (length <= COALESCE_LIMIT) {
      let last = this.packets.last;
      if (last !== null && last.fragmentCount == 0 && last.tailroom >= length) {
        packet.copyOut(last.append(length), 0, length);
        last.sequenceEnd += length;
        packet.release();
        count(Counter.TCP_RECEIVE_COALESCED);
        return;
      }
    }
    this.packets.push(packet);
  }

  /** Find the byte at `offset`; false when there are not so many. */
  locate(offset: u32): bool {
    let packet = this.packets.first;
    while (packet !== null) {
      let length = packet.length;
      if (offset < length) return packet.locate(offset, this);
      offset -= length;
      packet = packet.next;
    }
    return false;
  }

  /** Drop the first `count` bytes: the program has them. */
  consume(bytes: u32): void {
    assert(bytes <= this.length, "more consumed than held");
    this.length -= bytes;
    while (bytes > 0) {
      let packet = this.packets.first;
      if (packet === null) return;
      let length = packet.length;
      if (bytes < length) {
        packet.strip(bytes);
        return;
      }
      bytes -= length;
      this.packets.shift();
      packet.release();
    }
  }

  /** The byte at `offset`, for urgent data; -1 when it is not there. */
  byteAt(offset: u32): i32 {
    return this.locate(offset) ? <i32>mem.load8(this.pieceAddress) : -1;
  }

  clear(): void {
    this.packets.clear();
    this.length = 0;
  }
}
