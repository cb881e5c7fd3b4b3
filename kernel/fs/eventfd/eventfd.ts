// eventfd(2): a 64-bit counter to write to and wait for.

import { linearAddress, pointerOf } from "memory/address";
import { EAGAIN, EINVAL } from "../../abi/errno";
import { EPOLLERR, READABLE, WRITABLE } from "../../abi/poll";
import { Text } from "../../lib/text";
import { IoVector } from "../../memory/io-vector";
import { waitRestartable } from "../../sched/block";
import { WaitQueue } from "../../sched/wait";
import { File } from "../../vfs/file";

/** The counter's largest value that a write may reach (man 2 eventfd). */
const LARGEST: u64 = 0xfffffffffffffffe;

export class EventFile extends File {
  private count: u64;
  private isSemaphore: bool;
  private waiting: WaitQueue = new WaitQueue();
  private scratch: StaticArray<u64> = new StaticArray<u64>(1);

  constructor(initial: u64, isSemaphore: bool, flags: u32) {
    super();
    this.count = initial;
    this.isSemaphore = isSemaphore;
    this.flags = flags | 2;
  }

  override read(io: IoVector): i64 {
    if (io.remaining < 8) return -EINVAL;
    while (this.count == 0) {
      if (this.isNonBlocking) return -EAGAIN;
      let why = waitRestartable(this.waiting);
      if (why < 0) return why;
    }
    let value = this.isSemaphore ? 1 : this.count;
    this.scratch[0] = value;
    let moved = io.put(linearAddress(pointerOf(this.scratch)), 8);
    if (moved != 8) return moved;
    this.count -= value;
    this.waiting.wakeAll();
    this.readiness.wakeAll(WRITABLE);
    return 8;
  }

  override write(io: IoVector): i64 {
    if (io.remaining < 8) return -EINVAL;
    let moved = io.take(linearAddress(pointerOf(this.scratch)), 8);
    if (moved != 8) return moved;
    let value = this.scratch[0];
    if (value == u64.MAX_VALUE) return -EINVAL;
    while (value > LARGEST - this.count) {
      if (this.isNonBlocking) return -EAGAIN;
      let why = waitRestartable(this.waiting);
      if (why < 0) return why;
    }
    this.count += value;
    this.waiting.wakeAll();
    this.readiness.wakeAll(READABLE);
    return 8;
  }

  override poll(): u32 {
    let events: u32 = this.count > 0 ? READABLE : 0;
    if (this.count < LARGEST) events |= WRITABLE;
    if (this.count == u64.MAX_VALUE) events |= EPOLLERR;
    return events;
  }

  override describe(): StaticArray<u8> {
    let text = new Text(24).string("anon_inode:[eventfd]");
    return StaticArray.slice<u8>(text.bytes, 0, text.length);
  }
}
