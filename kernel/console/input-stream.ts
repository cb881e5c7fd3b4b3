// Standard input that is no terminal: a bounded stream of bytes with an end, which looks like a pipe.

import { bytesAddress } from "memory/address";
import { EAGAIN, EINTR, ERESTARTSYS } from "../abi/errno";
import { EPOLLHUP, READABLE } from "../abi/poll";
import { IoVector } from "../memory/io-vector";
import { wait } from "../sched/block";
import { WaitQueue } from "../sched/wait";

const SIZE: u32 = 65536;

export class InputStream {
  private ring: StaticArray<u8> = new StaticArray<u8>(SIZE);
  private taken: u32 = 0;
  private filled: u32 = 0;
  private isEnded: bool = false;
  private readonly readers: WaitQueue = new WaitQueue();
  readonly pollers: WaitQueue = new WaitQueue();

  get room(): u32 {
    return SIZE - (this.filled - this.taken);
  }

  /** FIONREAD. */
  get available(): u32 {
    return this.filled - this.taken;
  }

  /** Precondition: room > 0. */
  put(byte: u32): void {
    this.ring[this.filled & (SIZE - 1)] = <u8>byte;
    this.filled++;
    this.wake();
  }

  end(): void {
    this.isEnded = true;
    this.wake();
  }

  private wake(): void {
    if (!this.readers.isEmpty) this.readers.wakeAll(READABLE);
    this.pollers.wakeAll(READABLE);
  }

  read(io: IoVector, isNonBlocking: bool): i64 {
    while (this.taken == this.filled) {
      if (this.isEnded || io.remaining == 0) return 0;
      if (isNonBlocking) return -EAGAIN;
      if (wait(this.readers) == -EINTR) return -ERESTARTSYS;
    }
    let total: i64 = 0;
    while (io.remaining > 0 && this.taken != this.filled) {
      let start = this.taken & (SIZE - 1);
      let length = min(this.filled - this.taken, SIZE - start);
      let moved = io.put(bytesAddress(this.ring) + <u64>start, min(<u64>length, io.remaining));
      if (moved < 0) return total > 0 ? total : moved;
      this.taken += <u32>moved;
      total += moved;
    }
    return total;
  }

  poll(): u32 {
    let events: u32 = this.taken != this.filled ? READABLE : 0;
    return this.isEnded ? events | EPOLLHUP | (this.taken == this.filled ? 0 : READABLE) : events;
  }
}
