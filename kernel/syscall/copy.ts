// Copies inside the kernel: sendfile(2), copy_file_range(2), splice(2), tee(2), vmsplice(2).
//
// Bytes go through a buffer of a few frames that the call owns, so that either side may block.

import { direct } from "memory/address";
import * as frames from "memory/frames";
import { EAGAIN, EBADF, EFAULT, EFBIG, EINVAL, EISDIR, ENOMEM, EOVERFLOW, ESPIPE, ETXTBSY } from "../abi/errno";
import { O_APPEND, O_NONBLOCK, SEEK_CUR } from "../abi/fcntl";
import { SYS_copy_file_range, SYS_sendfile, SYS_splice, SYS_tee, SYS_vmsplice } from "../abi/syscall-numbers";
import { Pipe } from "../fs/pipe/pipe";
import { PipeFile } from "../fs/pipe/pipe-file";
import { IoVector, MAX_TRANSFER } from "../memory/io-vector";
import { fetch64, fetched, store64 } from "../memory/user";
import { currentThread } from "../process/current";
import { wait } from "../sched/block";
import { nowNs } from "../sched/clock";
import { current, isPreemptionDue, yieldNow } from "../sched/scheduler";
import { File } from "../vfs/file";
import { usableFile } from "./files";
import { define4, define6 } from "./table";

const BUFFER_FRAMES: u32 = 16;
const FRAME_SIZE: u64 = 4096;
/** The file has no position. */
const NO_OFFSET: u64 = u64.MAX_VALUE;

const SPLICE_F_NONBLOCK: u64 = 2;
const KNOWN_SPLICE_FLAGS: u64 = 15;

/** One side of a copy. */
class Side {
  file: File;
  /** Where the caller keeps the offset (a user address), 0 for the file's own position. */
  private offsetAddress: u64 = 0;
  /** Where the copy is; NO_OFFSET for what has no position. A file's own position moves when the copy is over. */
  private offset: u64 = NO_OFFSET;

  constructor(file: File) {
    this.file = file;
  }

  /** Read the caller's offset. Returns 0, -EFAULT or -EINVAL. */
  begin(address: u64): i32 {
    this.offsetAddress = address;
    if (address == 0) {
      let inode = this.file.inode;
      if (inode !== null && inode.isRegular) this.offset = this.file.position;
      return 0;
    }
    if (fetch64(address) < 0) return -EFAULT;
    if (<i64>fetched < 0) return -EINVAL;
    this.offset = fetched;
    return 0;
  }

  get hasOffset(): bool {
    return this.offset != NO_OFFSET;
  }

  /** Where the copy starts. Precondition: hasOffset. */
  get start(): u64 {
    return this.offset;
  }

  read(io: IoVector): i64 {
    return this.hasOffset ? this.file.readAt(io, this.offset) : this.file.read(io);
  }

  write(io: IoVector): i64 {
    return this.hasOffset ? this.file.writeAt(io, this.offset) : this.file.write(io);
  }

  advance(count: u64): void {
    if (this.hasOffset) this.offset += count;
  }

  /** Give the caller, or the file, the offset back. */
  finish(): void {
    if (this.offsetAddress != 0) store64(this.offsetAddress, this.offset);
    else if (this.hasOffset) this.file.position = this.offset;
  }
}

/** Copy up to `length` bytes. What was read and could not be written counts as not read where the source has an offset. */
function copyBytes(from: Side, to: Side, length: u64): i64 {
  let count = BUFFER_FRAMES;
  let buffer = frames.allocateContiguous(count);
  if (buffer == 0) {
    count = 1;
    buffer = frames.allocate();
    if (buffer == 0) return -ENOMEM;
  }
  from.file.retain();
  to.file.retain();
  let result = copyThrough(from, to, length, direct(buffer), <u64>count * FRAME_SIZE);
  to.file.release();
  from.file.release();
  for (let i: u32 = 0; i < count; i++) frames.release(buffer + <u64>i * FRAME_SIZE);
  return result;
}

function copyThrough(from: Side, to: Side, length: u64, buffer: u64, capacity: u64): i64 {
  let io = new IoVector();
  let total: u64 = 0;
  while (total < length) {
    io.setKernel(buffer, min(capacity, length - total));
    let got = from.read(io);
    if (got <= 0) return total > 0 ? <i64>total : got;
    let put: u64 = 0;
    let error: i64 = 0;
    while (put < <u64>got) {
      io.setKernel(buffer + put, <u64>got - put);
      let moved = to.write(io);
      if (moved <= 0) {
        error = moved;
        break;
      }
      put += <u64>moved;
      to.advance(<u64>moved);
    }
    from.advance(put);
    total += put;
    if (put < <u64>got) {
      return total > 0 ? <i64>total : error;
    }
    if (current().isInterrupted) break;
    if (isPreemptionDue(nowNs())) yieldNow();
    // To a pipe, one buffer full is enough: the pipe's reader may be the caller.
    if (to.file instanceof PipeFile) break;
  }
  return <i64>total;
}

/** Wait until a pipe holds bytes. Returns 0, 1 when it has ended, -EAGAIN or -EINTR. */
function waitForBytes(pipe: Pipe, isNonBlocking: bool): i32 {
  while (pipe.length == 0) {
    if (pipe.writerCount == 0) return 1;
    if (isNonBlocking) return -EAGAIN;
    let why = wait(pipe.readable);
    if (why < 0) return why;
  }
  return 0;
}

/** Write a pipe's bytes straight from its pages; what could not be written stays in it. */
function drainPipe(pipe: Pipe, to: Side, length: u64, isNonBlocking: bool): i64 {
  let state = waitForBytes(pipe, isNonBlocking);
  if (state != 0) return state < 0 ? state : 0;
  let io = new IoVector();
  let total: u64 = 0;
  while (total < length && pipe.length > 0) {
    io.setKernel(pipe.frontAddress(), min(pipe.frontLength(), length - total));
    let moved = to.write(io);
    if (moved <= 0) return total > 0 ? <i64>total : moved;
    pipe.consume(<u64>moved);
    to.advance(<u64>moved);
    total += <u64>moved;
  }
  return <i64>total;
}

function sendfile(outDescriptor: u64, inDescriptor: u64, offsetAddress: u64, count: u64): i64 {
  let input = usableFile(inDescriptor);
  let output = usableFile(outDescriptor);
  if (input === null || !input.isReadable) return -EBADF;
  if (output === null || !output.isWritable) return -EBADF;
  if ((output.flags & O_APPEND) != 0) return -EINVAL;
  let inode = input.inode;
  if (inode === null || inode.isDirectory) return -EINVAL;
  if (offsetAddress != 0 && input.seek(0, SEEK_CUR) == -ESPIPE) return -ESPIPE;
  let from = new Side(input);
  let error = from.begin(offsetAddress);
  if (error < 0) return error;
  let to = new Side(output);
  to.begin(0);
  let result = copyBytes(from, to, min(count, MAX_TRANSFER));
  from.finish();
  to.finish();
  return result;
}

function copyFileRange(
  inDescriptor: u64,
  inOffset: u64,
  outDescriptor: u64,
  outOffset: u64,
  length: u64,
  flags: u64,
): i64 {
  if (flags != 0) return -EINVAL;
  let input = usableFile(inDescriptor);
  let output = usableFile(outDescriptor);
  if (input === null || output === null) return -EBADF;
  let inInode = input.inode;
  let outInode = output.inode;
  if (inInode === null || outInode === null) return -EINVAL;
  if (inInode.isDirectory || outInode.isDirectory) return -EISDIR;
  if (!inInode.isRegular || !outInode.isRegular) return -EINVAL;
  if (!input.isReadable || !output.isWritable || (output.flags & O_APPEND) != 0) return -EBADF;
  if (outInode.writerCount < 0) return -ETXTBSY;
  let from = new Side(input);
  let to = new Side(output);
  let error = from.begin(inOffset);
  if (error == 0) error = to.begin(outOffset);
  if (error < 0) return error;
  let start = from.start;
  let target = to.start;
  if (start + length < start || target + length < target) return -EOVERFLOW;
  if (<i64>(target + length) < 0) return -EFBIG;
  // The copy ends with the source (Linux generic_copy_file_checks).
  let count = min(min(length, MAX_TRANSFER), start < inInode.size ? inInode.size - start : 0);
  // Within one file the ranges must not overlap.
  if (inInode === outInode && start < target + count && target < start + count) return -EINVAL;
  let result = copyBytes(from, to, count);
  from.finish();
  to.finish();
  return result;
}

function splice(inDescriptor: u64, inOffset: u64, outDescriptor: u64, outOffset: u64, length: u64, flags: u64): i64 {
  if ((flags & ~KNOWN_SPLICE_FLAGS) != 0) return -EINVAL;
  if (length == 0) return 0;
  let input = usableFile(inDescriptor);
  let output = usableFile(outDescriptor);
  if (input === null || !input.isReadable || output === null || !output.isWritable) return -EBADF;
  let isFromPipe = input instanceof PipeFile;
  let isToPipe = output instanceof PipeFile;
  if (!isFromPipe && !isToPipe) return -EINVAL;
  if ((isFromPipe && inOffset != 0) || (isToPipe && outOffset != 0)) return -ESPIPE;
  if (isFromPipe && isToPipe && (input as PipeFile).pipe === (output as PipeFile).pipe) return -EINVAL;
  if ((output.flags & O_APPEND) != 0) return -EINVAL;
  let from = new Side(input);
  let to = new Side(output);
  let error = from.begin(inOffset);
  if (error == 0) error = to.begin(outOffset);
  if (error < 0) return error;
  let count = min(length, MAX_TRANSFER);
  if (isToPipe) {
    // As much as the pipe has room for; a full one is waited for, or not.
    let pipe = (output as PipeFile).pipe;
    let room = pipe.capacity - pipe.length;
    if (room > 0) count = min(count, room);
    else count = min<u64>(count, FRAME_SIZE);
  }
  let wasIn = input.flags;
  let wasOut = output.flags;
  if ((flags & SPLICE_F_NONBLOCK) != 0) {
    if (isFromPipe) input.flags |= O_NONBLOCK;
    if (isToPipe) output.flags |= O_NONBLOCK;
  }
  let result: i64;
  if (isFromPipe) result = drainPipe((input as PipeFile).pipe, to, count, input.isNonBlocking);
  else result = copyBytes(from, to, count);
  input.flags = wasIn;
  output.flags = wasOut;
  from.finish();
  to.finish();
  return result;
}

/** Copy from one pipe to another without taking. */
function tee(inDescriptor: u64, outDescriptor: u64, length: u64, flags: u64): i64 {
  if ((flags & ~KNOWN_SPLICE_FLAGS) != 0) return -EINVAL;
  let input = usableFile(inDescriptor);
  let output = usableFile(outDescriptor);
  if (input === null || !input.isReadable || output === null || !output.isWritable) return -EBADF;
  if (!(input instanceof PipeFile) || !(output instanceof PipeFile)) return -EINVAL;
  let from = (input as PipeFile).pipe;
  let to = (output as PipeFile).pipe;
  if (from === to) return -EINVAL;
  if (length == 0) return 0;
  let isNonBlocking = (flags & SPLICE_F_NONBLOCK) != 0;
  let state = waitForBytes(from, isNonBlocking);
  if (state != 0) return state < 0 ? state : 0;
  let io = new IoVector();
  io.setKernel(from.frontAddress(), min(from.frontLength(), length));
  return to.write(io, isNonBlocking);
}

function vmsplice(descriptor: u64, vector: u64, count: u64, flags: u64): i64 {
  if ((flags & ~KNOWN_SPLICE_FLAGS) != 0) return -EINVAL;
  let file = usableFile(descriptor);
  if (file === null || !(file instanceof PipeFile)) return -EBADF;
  let io = currentThread().io;
  let error = io.setUserVector(vector, count);
  if (error < 0) return error;
  return file.isWritable ? file.write(io) : file.read(io);
}

/** Add the rows. */
export function defineCopyCalls(): void {
  define4(SYS_sendfile, "sendfile", "fd fd ptr size", sendfile, "complete");
  define6(SYS_copy_file_range, "copy_file_range", "fd ptr fd ptr size flags", copyFileRange, "complete");
  define6(SYS_splice, "splice", "fd ptr fd ptr size flags", splice, "copies; no pages move");
  define4(SYS_tee, "tee", "fd fd size flags", tee, "copies; no pages are shared");
  define4(SYS_vmsplice, "vmsplice", "fd ptr int flags", vmsplice, "copies; no pages move");
}
