// The commands of a virtio GPU for plain pictures (virtio 1.2 §5.7.6), laid out in memory and sent over the control queue.
//
//   page 0   32 requests of 128 bytes          page 1   32 answers of 32 bytes, then one long answer
//
// Every request begins with a header: type 4, flags 4, fence 8, context 4, ring 1, padding 3. `send` does not wait; who needs
// the answer calls `finish`. The queue keeps the order, so that a picture is transferred before it is shown.

import * as cpu from "machine/cpu";
import * as mem from "machine/mem";
import * as mmio from "machine/mmio";
import { direct } from "memory/address";
import * as frames from "memory/frames";
import * as clock from "../../sched/clock";
import { Virtqueue } from "./queue";

/** Types of requests and answers (§5.7.6.7). */
const GET_DISPLAY_INFO: u32 = 0x100;
const RESOURCE_CREATE_2D: u32 = 0x101;
const RESOURCE_UNREF: u32 = 0x102;
const SET_SCANOUT: u32 = 0x103;
const RESOURCE_FLUSH: u32 = 0x104;
const TRANSFER_TO_HOST_2D: u32 = 0x105;
const RESOURCE_ATTACH_BACKING: u32 = 0x106;
const OK_NO_DATA: u32 = 0x1100;
const OK_DISPLAY_INFO: u32 = 0x1101;

/** VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM: blue in the lowest byte. */
const FORMAT_BGRX: u32 = 2;

const PAGE: u64 = 4096;
const HEADER: u64 = 24;
const REQUEST_SIZE: u64 = 128;
const ANSWER_SIZE: u64 = 32;
const SLOTS: i32 = 32;
/** Where the long answer begins: a header and sixteen times 24 bytes (§5.7.6.8, VIRTIO_GPU_MAX_SCANOUTS). */
const LONG_ANSWER: u64 = PAGE + 2048;
const DISPLAY_INFO_SIZE: u32 = 408;
/** A device that has not answered by then never will. */
const PATIENCE_NS: u64 = 2_000_000_000;

export class GpuCommands {
  /** What the last display information said of the first screen. */
  displayWidth: u32 = 0;
  displayHeight: u32 = 0;
  private base: u64 = 0;
  private physical: u64 = 0;
  /** The slot that a chain in the queue belongs to, by the chain's head. */
  private slotOf: StaticArray<i32> = new StaticArray<i32>(256);
  private isBusy: StaticArray<bool> = new StaticArray<bool>(SLOTS);
  private next: i32 = 0;
  /** The last slot of the flush that is under way; -1 when none is. */
  private flushSlot: i32 = -1;
  /** The device has stopped answering. */
  isDead: bool = false;

  constructor(private readonly queue: Virtqueue) {}

  /** Get memory for the messages. */
  allocate(): bool {
    this.physical = frames.allocateContiguous(2);
    this.base = direct(this.physical);
    if (this.physical != 0) mem.fill(this.base, 0, 2 * PAGE);
    return this.physical != 0;
  }

  /** Ask for the first screen's resolution: displayWidth and displayHeight, 0 when it is switched off. */
  readDisplay(): bool {
    this.displayWidth = 0;
    this.displayHeight = 0;
    let slot = this.begin(GET_DISPLAY_INFO);
    if (slot < 0) return false;
    this.send(slot, <u32>HEADER, LONG_ANSWER, DISPLAY_INFO_SIZE);
    if (!this.finish(slot) || mmio.read32(this.base + LONG_ANSWER) != OK_DISPLAY_INFO) return false;
    let first = this.base + LONG_ANSWER + HEADER;
    if (mmio.read32(first + 16) == 0) return true;
    this.displayWidth = mmio.read32(first + 8);
    this.displayHeight = mmio.read32(first + 12);
    return true;
  }

  /** Make a picture of this size, backed by memory of ours. */
  create(resource: u32, width: u32, height: u32, physical: u64, bytes: u32): bool {
    let slot = this.begin(RESOURCE_CREATE_2D);
    if (slot < 0) return false;
    let at = this.request(slot);
    mem.store32(at + 24, resource);
    mem.store32(at + 28, FORMAT_BGRX);
    mem.store32(at + 32, width);
    mem.store32(at + 36, height);
    if (!this.call(slot, 40)) return false;
    slot = this.begin(RESOURCE_ATTACH_BACKING);
    if (slot < 0) return false;
    at = this.request(slot);
    mem.store32(at + 24, resource);
    mem.store32(at + 28, 1);
    mem.store64(at + 32, physical);
    mem.store32(at + 40, bytes);
    return this.call(slot, 48);
  }

  /** Forget a picture. */
  destroy(resource: u32): bool {
    let slot = this.begin(RESOURCE_UNREF);
    if (slot < 0) return false;
    mem.store32(this.request(slot) + 24, resource);
    return this.call(slot, 32);
  }

  /** Show part of a picture on the first screen; resource 0 switches it off. */
  show(resource: u32, y: u32, width: u32, height: u32): bool {
    let slot = this.begin(SET_SCANOUT);
    if (slot < 0) return false;
    let at = this.request(slot);
    rectangle(at + HEADER, 0, y, width, height);
    mem.store32(at + 40, 0);
    mem.store32(at + 44, resource);
    return this.call(slot, 48);
  }

  /** Whether the last `flush` is still under way. */
  get isFlushing(): bool {
    if (this.flushSlot >= 0) this.reap();
    return this.flushSlot >= 0;
  }

  /** Have the device take a rectangle from memory and put it on the screen; does not wait. */
  flush(resource: u32, x: u32, y: u32, width: u32, height: u32, offset: u64): void {
    let slot = this.begin(TRANSFER_TO_HOST_2D);
    if (slot < 0) return;
    let at = this.request(slot);
    rectangle(at + HEADER, x, y, width, height);
    mem.store64(at + 40, offset);
    mem.store32(at + 48, resource);
    this.send(slot, 56, this.answer(slot), <u32>ANSWER_SIZE);
    slot = this.begin(RESOURCE_FLUSH);
    if (slot < 0) return;
    at = this.request(slot);
    rectangle(at + HEADER, x, y, width, height);
    mem.store32(at + 40, resource);
    this.flushSlot = slot;
    this.send(slot, 48, this.answer(slot), <u32>ANSWER_SIZE);
  }

  /** Take back what the device is done with. */
  reap(): void {
    while (true) {
      let head = this.queue.take();
      if (head < 0) break;
      let slot = this.slotOf[head & 255];
      this.isBusy[slot] = false;
      if (slot == this.flushSlot) this.flushSlot = -1;
    }
  }

  get hasAnswers(): bool {
    return this.queue.hasUsed;
  }

  /** Ask for an interrupt at the next answer; takes in what came meanwhile. */
  arm(): void {
    while (!this.queue.arm()) this.reap();
  }

  private request(slot: i32): u64 {
    return this.base + <u64>slot * REQUEST_SIZE;
  }

  /** Offset of a slot's answer. */
  private answer(slot: i32): u64 {
    return PAGE + <u64>slot * ANSWER_SIZE;
  }

  /** A slot for a request of this type, waiting for one if need be; -1 when the device does not answer any more. */
  private begin(type: u32): i32 {
    let slot = this.next;
    if (this.isDead || !this.finish(slot)) return -1;
    this.next = (slot + 1) % SLOTS;
    mem.fill(this.request(slot), 0, REQUEST_SIZE);
    mem.store32(this.request(slot), type);
    return slot;
  }

  private send(slot: i32, length: u32, answer: u64, answerLength: u32): void {
    mmio.write32(this.base + answer, 0);
    let queue = this.queue;
    let deadlineNs = clock.nowNs() + PATIENCE_NS;
    while (!queue.begin(2)) {
      this.reap();
      if (clock.nowNs() > deadlineNs) {
        this.isDead = true;
        return;
      }
    }
    queue.add(this.physical + <u64>slot * REQUEST_SIZE, length, false);
    queue.add(this.physical + answer, answerLength, true);
    this.isBusy[slot] = true;
    this.slotOf[queue.commit() & 255] = slot;
    queue.publish();
  }

  /** Wait until the device has answered a slot's request. False when it does not. */
  private finish(slot: i32): bool {
    let deadlineNs: u64 = 0;
    while (this.isBusy[slot]) {
      this.reap();
      if (!this.isBusy[slot]) break;
      let nowNs = clock.nowNs();
      if (deadlineNs == 0) deadlineNs = nowNs + PATIENCE_NS;
      else if (nowNs > deadlineNs) this.isDead = true;
      if (this.isDead) return false;
      cpu.pause();
    }
    return true;
  }

  /** Send, wait, and say whether the device did it. */
  private call(slot: i32, length: u32): bool {
    this.send(slot, length, this.answer(slot), <u32>ANSWER_SIZE);
    return this.finish(slot) && mmio.read32(this.base + this.answer(slot)) == OK_NO_DATA;
  }
}

/** struct virtio_gpu_rect. */
function rectangle(at: u64, x: u32, y: u32, width: u32, height: u32): void {
  mem.store32(at, x);
  mem.store32(at + 4, y);
  mem.store32(at + 8, width);
  mem.store32(at + 12, height);
}
