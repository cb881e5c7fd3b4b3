// /dev/kmsg (Documentation/ABI/testing/dev-kmsg): the kernel's log, a record a read: "priority,sequence,microseconds,-;text".
// What a program writes becomes a line of the log.

import { bytesAddress } from "memory/address";
import { EAGAIN, EINTR, EINVAL, EPIPE, ERESTARTSYS } from "../../abi/errno";
import { SEEK_DATA, SEEK_END, SEEK_SET } from "../../abi/fcntl";
import { READABLE, WRITABLE } from "../../abi/poll";
import { Text } from "../../lib/text";
import * as log from "../../log/log";
import { IoVector } from "../../memory/io-vector";
import { wait } from "../../sched/block";
import * as clock from "../../sched/clock";
import { WaitQueue } from "../../sched/wait";
import { DeviceDriver } from "../../vfs/devices";
import { File } from "../../vfs/file";

const RING_SIZE: u64 = 65536;
const RECORD_SIZE: i32 = 1024;
const NEWLINE: u8 = 0x0a;
/** How often a reader that waits for the next line looks: the log may be written where nobody can be woken. */
const LOOK_NS: u64 = 200_000_000;
/** "[12345.678901] " */
const BRACKET: u8 = 0x5b;
const CLOSING: u8 = 0x5d;

const looking: WaitQueue = new WaitQueue();

class LogFile extends File {
  private sequence: u64 = 0;
  private line: StaticArray<u8> = new StaticArray<u8>(RECORD_SIZE);
  private record: Text = new Text(RECORD_SIZE + 64);

  override read(io: IoVector): i64 {
    while (this.position >= log.bytesWritten()) {
      if (this.isNonBlocking) return -EAGAIN;
      if (wait(looking, clock.nowNs() + LOOK_NS) == -EINTR) return -ERESTARTSYS;
    }
    let oldest = log.bytesWritten() > RING_SIZE ? log.bytesWritten() - RING_SIZE : 0;
    if (this.position < oldest) {
      // Lines were overwritten: said once, then on with the oldest whole one.
      this.position = oldest;
      this.skipPartial();
      return -EPIPE;
    }
    let length = <i32>log.copyOut(this.position, bytesAddress(this.line), <u64>RECORD_SIZE);
    let end = 0;
    while (end < length && this.line[end] != NEWLINE) end++;
    this.render(end);
    if (io.remaining < <u64>this.record.length) return -EINVAL;
    this.position += <u64>(end < length ? end + 1 : end);
    this.sequence++;
    return io.put(this.record.address, <u64>this.record.length);
  }

  private skipPartial(): void {
    let length = <i32>log.copyOut(this.position, bytesAddress(this.line), <u64>RECORD_SIZE);
    let end = 0;
    while (end < length && this.line[end] != NEWLINE) end++;
    this.position += <u64>(end + 1);
  }

  /** The line's first `length` bytes as a record. */
  private render(length: i32): void {
    let line = this.line;
    let at = 0;
    let microseconds: u64 = 0;
    if (length > 0 && line[0] == BRACKET) {
      for (at = 1; at < length && line[at] != CLOSING; at++) {
        if (line[at] >= 0x30 && line[at] <= 0x39) microseconds = microseconds * 10 + <u64>(line[at] - 0x30);
      }
      at = min(at + 2, length);
    }
    this.record
      .clear()
      .decimal(<u64>log.INFO)
      .byte(0x2c)
      .decimal(this.sequence)
      .byte(0x2c)
      .decimal(microseconds);
    this.record
      .string(",-;")
      .array(line, at, length - at)
      .byte(0x0a);
  }

  override write(io: IoVector): i64 {
    let length = io.remaining;
    if (length >= <u64>RECORD_SIZE - 64) return -EINVAL;
    let taken = io.take(bytesAddress(this.line), length);
    if (taken < 0) return taken;
    let text = log.begin(log.INFO);
    for (let i = 0; i < <i32>taken; i++) {
      let byte = this.line[i];
      if (byte >= 0x20 && byte != 0x7f) text.byte(<u32>byte);
    }
    log.end();
    return taken;
  }

  override seek(offset: i64, whence: i32): i64 {
    if (offset != 0) return -EINVAL;
    if (whence == SEEK_END) this.position = log.bytesWritten();
    else if (whence == SEEK_SET || whence == SEEK_DATA) {
      this.position = 0;
      if (log.bytesWritten() > RING_SIZE) {
        this.position = log.bytesWritten() - RING_SIZE;
        this.skipPartial();
      }
    } else return -EINVAL;
    return 0;
  }

  override poll(): u32 {
    return WRITABLE | (this.position < log.bytesWritten() ? READABLE : 0);
  }
}

export class LogDriver extends DeviceDriver {
  override open(_minor: u32, _flags: u32): File | null {
    let file = new LogFile();
    file.seek(0, SEEK_SET);
    return file;
  }
}
