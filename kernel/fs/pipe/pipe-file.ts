// The ends of a pipe or FIFO as open files.

import * as user from "machine/user";
import { isUserRange, linearAddress, pointerOf } from "memory/address";
import { EBADF, EFAULT, EPIPE } from "../../abi/errno";
import { O_DIRECT } from "../../abi/fcntl";
import { Text } from "../../lib/text";
import { IoVector } from "../../memory/io-vector";
import { File } from "../../vfs/file";
import { S_IFIFO } from "../../vfs/inode";
import { Pipe } from "./pipe";

/** man 2 ioctl_list: bytes that can be read now. */
const FIONREAD: u32 = 0x541b;

/** Numbers in "pipe:[N]": one sequence for all inodes without a file system. */
let nextNumber: u64 = 1;

/** Told when a program writes to a pipe that nobody reads: raises SIGPIPE. Set by the process layer. */
export class BrokenPipeListener {
  brokenPipe(): void {}
}
let listener: BrokenPipeListener = new BrokenPipeListener();
export function setBrokenPipeListener(target: BrokenPipeListener): void {
  listener = target;
}

/** Raise SIGPIPE for the current thread. */
export function raiseBrokenPipe(): void {
  listener.brokenPipe();
}

export class PipeFile extends File {
  readonly pipe: Pipe;
  private number: u64;
  private readsToo: bool;
  private writesToo: bool;
  /** Writers there had been before: one that came and went since is a hang-up. */
  private writersBefore: u32;

  /** `flags` are open(2)'s: the access mode says which end (both for a FIFO opened O_RDWR). */
  constructor(pipe: Pipe, flags: u32, number: u64) {
    super();
    this.pipe = pipe;
    this.flags = flags;
    this.number = number;
    this.readsToo = this.isReadable;
    this.writesToo = this.isWritable;
    this.writersBefore = pipe.writerOpenings;
    if (this.readsToo) {
      pipe.readerCount++;
      pipe.readerOpenings++;
    }
    if (this.writesToo) {
      pipe.writerCount++;
      pipe.writerOpenings++;
    }
    this.readiness = this.readsToo ? pipe.readPollers : pipe.writePollers;
  }

  override read(io: IoVector): i64 {
    return this.readsToo ? this.pipe.read(io, this.isNonBlocking) : -EBADF;
  }

  override write(io: IoVector): i64 {
    if (!this.writesToo) return -EBADF;
    let result = this.pipe.write(io, this.isNonBlocking, (this.flags & O_DIRECT) != 0);
    if (result == -EPIPE) raiseBrokenPipe();
    return result;
  }

  override poll(): u32 {
    let events: u32 = 0;
    if (this.readsToo) events |= this.pipe.pollRead(this.writersBefore);
    if (this.writesToo) events |= this.pipe.pollWrite();
    return events;
  }

  override ioctl(request: u32, argument: u64): i64 {
    if (request != FIONREAD) return super.ioctl(request, argument);
    let scratch = new StaticArray<i32>(1);
    scratch[0] = <i32>this.pipe.length;
    return isUserRange(argument, 4) && user.copyOut(argument, linearAddress(pointerOf(scratch)), 4) == 0 ? 0 : -EFAULT;
  }

  override close(): void {
    if (this.readsToo) this.pipe.readerCount--;
    if (this.writesToo) this.pipe.writerCount--;
    this.pipe.endClosed();
  }

  override get statMode(): u32 {
    return S_IFIFO | 0o600;
  }

  override get statNumber(): u64 {
    return this.number;
  }

  override reopen(flags: u32): File | null {
    return new PipeFile(this.pipe, flags, this.number);
  }

  override describe(): StaticArray<u8> {
    let text = new Text(32).string("pipe:[").decimal(this.number).string("]");
    return StaticArray.slice<u8>(text.bytes, 0, text.length);
  }
}

/** A number for a new anonymous inode. */
export function nextAnonymousNumber(): u64 {
  return nextNumber++;
}
