// The memory devices, major 1: man 4 null, man 4 full, man 4 random.

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import { EINVAL, ENOSPC } from "../../abi/errno";
import { SEEK_CUR, SEEK_END, SEEK_SET } from "../../abi/fcntl";
import { fillRandom, mixBytes } from "../../entropy/random";
import { IoVector } from "../../memory/io-vector";
import { anonymousSource, PageSource } from "../../memory/page-source";
import { current } from "../../sched/scheduler";
import { DeviceDriver, registerCharacter } from "../../vfs/devices";
import { File } from "../../vfs/file";
import { LogDriver } from "./log-device";

const MEMORY_MAJOR: u32 = 1;
const NULL_MINOR: u32 = 3;
const ZERO_MINOR: u32 = 5;
const FULL_MINOR: u32 = 7;
const RANDOM_MINOR: u32 = 8;
const URANDOM_MINOR: u32 = 9;
const LOG_MINOR: u32 = 11;

/** Reads nothing, takes everything. */
export class NullFile extends File {
  override read(_io: IoVector): i64 {
    return 0;
  }

  override readAt(io: IoVector, _offset: u64): i64 {
    return this.read(io);
  }

  override write(io: IoVector): i64 {
    let count = io.remaining;
    io.skip(count);
    return <i64>count;
  }

  override writeAt(io: IoVector, _offset: u64): i64 {
    return this.write(io);
  }

  /** As Linux's null_lseek: always at 0. */
  override seek(_offset: i64, _whence: i32): i64 {
    return 0;
  }
}

/** Zeros without end. */
class ZeroFile extends NullFile {
  override read(io: IoVector): i64 {
    return io.putZeros(io.remaining);
  }

  /** Memory of zeros, as MAP_ANONYMOUS gives it. */
  override mappable(): PageSource | null {
    return anonymousSource;
  }
}

/** As zero, but full. */
class FullFile extends ZeroFile {
  override write(io: IoVector): i64 {
    return io.remaining > 0 ? -ENOSPC : 0;
  }
}

const scratch: StaticArray<u8> = new StaticArray<u8>(1024);

class RandomFile extends File {
  override read(io: IoVector): i64 {
    return putRandom(io);
  }

  override readAt(io: IoVector, _offset: u64): i64 {
    return putRandom(io);
  }

  /** What a program writes is mixed in. */
  override write(io: IoVector): i64 {
    let done: i64 = 0;
    while (io.remaining > 0) {
      let moved = io.take(bytesAddress(scratch), min<u64>(io.remaining, 1024));
      if (moved <= 0) return done > 0 ? done : moved;
      mixBytes(bytesAddress(scratch), <u64>moved);
      done += moved;
    }
    return done;
  }

  override writeAt(io: IoVector, _offset: u64): i64 {
    return this.write(io);
  }

  override seek(offset: i64, whence: i32): i64 {
    if (whence != SEEK_SET && whence != SEEK_CUR && whence != SEEK_END) return -EINVAL;
    return whence == SEEK_SET ? max<i64>(offset, 0) : 0;
  }
}

/** Fill what is left of `io` with random bytes; bytes moved, or -EFAULT when none could be. */
export function putRandom(io: IoVector): i64 {
  let done: i64 = 0;
  let used = min<u64>(io.remaining, 1024);
  while (io.remaining > 0) {
    let step = min<u64>(io.remaining, 1024);
    fillRandom(bytesAddress(scratch), step);
    let moved = io.put(bytesAddress(scratch), step);
    if (moved < 0) {
      if (done == 0) done = moved;
      break;
    }
    done += moved;
    if (<u64>moved < step || current().isInterrupted) break;
  }
  mem.fill(bytesAddress(scratch), 0, used);
  return done;
}

class MemoryDriver extends DeviceDriver {
  override open(minor: u32, flags: u32): File | null {
    switch (minor) {
      case NULL_MINOR:
        return new NullFile();
      case ZERO_MINOR:
        return new ZeroFile();
      case FULL_MINOR:
        return new FullFile();
      case RANDOM_MINOR:
      case URANDOM_MINOR:
        return new RandomFile();
      default:
        return super.open(minor, flags);
    }
  }
}

/** Make them known. */
export function registerMemoryDevices(): void {
  let driver = new MemoryDriver();
  registerCharacter(MEMORY_MAJOR, NULL_MINOR, "null", driver);
  registerCharacter(MEMORY_MAJOR, ZERO_MINOR, "zero", driver);
  registerCharacter(MEMORY_MAJOR, FULL_MINOR, "full", driver);
  registerCharacter(MEMORY_MAJOR, RANDOM_MINOR, "random", driver);
  registerCharacter(MEMORY_MAJOR, URANDOM_MINOR, "urandom", driver);
  registerCharacter(MEMORY_MAJOR, LOG_MINOR, "kmsg", new LogDriver(), 0o644);
}
