// What an open file of /dev/input/eventN has not read yet: a ring of events. A reader sees whole packets only; one that is
// too slow loses what is oldest and finds SYN_DROPPED (Linux Documentation/input/event-codes.rst, "SYN_DROPPED").

import { bytesAddress } from "memory/address";
import * as mem from "machine/mem";
import { INPUT_EVENT_SIZE } from "../abi/input";
import { EV_MAX, EV_SYN, SYN_DROPPED, SYN_REPORT } from "../abi/input-codes";
import { EPOLLERR, EPOLLHUP, READABLE } from "../abi/poll";
import { ListNode } from "../lib/list";
import * as clock from "../sched/clock";
import { WaitQueue } from "../sched/wait";
import { Bits } from "./bits";

/** Events in a ring: a power of two. Linux has room for eight packets, 64 events at least. */
export const RING_SIZE: u32 = 256;
const NS_PER_SECOND: u64 = 1_000_000_000;
const NS_PER_MICROSECOND: u64 = 1000;

/** man 2 clock_gettime. */
export const CLOCK_REALTIME: u32 = 0;
export const CLOCK_MONOTONIC: u32 = 1;
export const CLOCK_BOOTTIME: u32 = 7;

export class EventClient extends ListNode {
  private ring: StaticArray<u8> = new StaticArray<u8>(<i32>(RING_SIZE * <u32>INPUT_EVENT_SIZE));
  private head: u32 = 0;
  private tail: u32 = 0;
  /** Where the last whole packet ends. */
  private packetEnd: u32 = 0;
  /** Whose time stamps: CLOCK_*. */
  clockId: u32 = CLOCK_REALTIME;
  /** EVIOCREVOKE, or the device is gone. */
  isRevoked: bool = false;
  isGone: bool = false;
  /** EVIOCSMASK: the codes wanted of each type; null: all. */
  private masks: StaticArray<Bits | null> = new StaticArray<Bits | null>(0);
  readonly readers: WaitQueue = new WaitQueue();
  /** The file's pollers. */
  readonly pollers: WaitQueue = new WaitQueue();

  /** An event came at `nowNs` since boot. */
  put(nowNs: u64, type: u32, code: u32, value: i32): void {
    if (this.isRevoked || !this.isWanted(type, code)) return;
    // A packet of which nothing is wanted is no packet.
    if (type == EV_SYN && code == SYN_REPORT && this.head == this.packetEnd) return;
    let stampNs = this.clockId == CLOCK_REALTIME ? nowNs + clock.wallOffsetNs() : nowNs;
    this.write(this.head, stampNs, type, code, value);
    this.head++;
    if (this.head - this.tail > RING_SIZE - 1) {
      // Keep the newest event alone, after the word that some are gone.
      this.tail = this.head - 2;
      this.write(this.tail, stampNs, EV_SYN, SYN_DROPPED, 0);
      this.packetEnd = this.tail;
    }
    if (type != EV_SYN || code != SYN_REPORT) return;
    this.packetEnd = this.head;
    if (!this.readers.isEmpty) this.readers.wakeAll(READABLE);
    this.pollers.wakeAll(READABLE);
  }

  private write(index: u32, stampNs: u64, type: u32, code: u32, value: i32): void {
    let at = this.addressOf(index);
    mem.store64(at, stampNs / NS_PER_SECOND);
    mem.store64(at + 8, (stampNs % NS_PER_SECOND) / NS_PER_MICROSECOND);
    mem.store32(at + 16, type | (code << 16));
    mem.store32(at + 20, <u32>value);
  }

  private addressOf(index: u32): u64 {
    return bytesAddress(this.ring) + <u64>(index & (RING_SIZE - 1)) * INPUT_EVENT_SIZE;
  }

  /** Whether a whole packet, or the rest of one, waits. */
  get hasPacket(): bool {
    return this.packetEnd != this.tail;
  }

  /** The address of the next event to read; precondition: hasPacket. */
  get first(): u64 {
    return this.addressOf(this.tail);
  }

  /** The first event was read. */
  drop(): void {
    this.tail++;
  }

  /** Forget what was not read: the clock changed. */
  clear(): void {
    this.tail = this.head;
    this.packetEnd = this.head;
  }

  /** The device is gone: reads fail, pollers learn. */
  hangUp(): void {
    this.isGone = true;
    this.wakeForEnd();
  }

  revoke(): void {
    this.isRevoked = true;
    this.wakeForEnd();
  }

  private wakeForEnd(): void {
    this.readers.wakeAll(EPOLLHUP | EPOLLERR);
    this.pollers.wakeAll(EPOLLHUP | EPOLLERR);
  }

  private isWanted(type: u32, code: u32): bool {
    if (this.masks.length == 0) return true;
    let wantedTypes = this.masks[EV_SYN];
    if (type == EV_SYN) return true;
    if (wantedTypes !== null && !wantedTypes.has(type)) return false;
    let codes = type <= EV_MAX ? this.masks[type] : null;
    return codes === null || codes.has(code);
  }

  /** EVIOCSMASK: the codes of `type` wanted from here on; for EV_SYN (0) the types. */
  setMask(type: u32, mask: Bits): void {
    if (this.masks.length == 0) this.masks = new StaticArray<Bits | null>(<i32>EV_MAX + 1);
    this.masks[type] = mask;
  }

  mask(type: u32): Bits | null {
    return this.masks.length == 0 ? null : this.masks[type];
  }
}
