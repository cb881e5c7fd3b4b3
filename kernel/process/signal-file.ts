// Signals as reads: signalfd(2). A read takes pending signals of the caller that the file's set holds; the program keeps them
// blocked, so that no handler takes them first.

import * as mem from "machine/mem";
import { bytesAddress } from "memory/address";
import { EAGAIN, EINVAL } from "../abi/errno";
import { O_NONBLOCK, O_RDWR } from "../abi/fcntl";
import { EPOLLIN, EPOLLRDNORM } from "../abi/poll";
import { SI_TIMER } from "../abi/signal";
import { Text } from "../lib/text";
import { IoVector } from "../memory/io-vector";
import { waitRestartable } from "../sched/block";
import { File } from "../vfs/file";
import { currentThread } from "./current";
import { Process } from "./process";
import { takePending } from "./signal-delivery";
import { SignalRecord } from "./signal-queue";
import { isFault, SignalSet } from "./signal-set";

/** sizeof(struct signalfd_siginfo) and the offsets used: man 2 signalfd. */
const INFO_SIZE: u64 = 128;
const PID: u64 = 12;
const TIMER_ID: u64 = 24;
const OVERRUN: u64 = 32;
const STATUS: u64 = 40;
const INT: u64 = 44;
const PTR: u64 = 48;
const UTIME: u64 = 56;
const STIME: u64 = 64;
const ADDR: u64 = 72;

const buffer = new StaticArray<u8>(<i32>INFO_SIZE);
const record = new SignalRecord();

export class SignalFile extends File {
  constructor(
    process: Process,
    public set: SignalSet,
    isNonBlocking: bool,
  ) {
    super();
    this.flags = O_RDWR | (isNonBlocking ? O_NONBLOCK : 0);
    this.readiness = process.signalArrived;
  }

  override poll(): u32 {
    let thread = currentThread();
    let pending = (thread.pending.set | thread.process.pending.set) & this.set;
    return pending != 0 ? EPOLLIN | EPOLLRDNORM : 0;
  }

  override read(io: IoVector): i64 {
    if (io.remaining < INFO_SIZE) return -EINVAL;
    let thread = currentThread();
    let total: i64 = 0;
    while (io.remaining >= INFO_SIZE) {
      if (takePending(thread, this.set, record) == 0) {
        if (total > 0) return total;
        if (this.isNonBlocking) return -EAGAIN;
        let why = waitRestartable(thread.process.signalArrived);
        if (why < 0) return why;
        continue;
      }
      fillInfo();
      let moved = io.put(bytesAddress(buffer), INFO_SIZE);
      if (moved < 0) return total > 0 ? total : moved;
      total += moved;
    }
    return total;
  }

  override describe(): StaticArray<u8> {
    return new Text(21).string("anon_inode:[signalfd]").bytes;
  }
}

/** `record` as a struct signalfd_siginfo. */
function fillInfo(): void {
  let first = bytesAddress(buffer);
  mem.fill(first, 0, INFO_SIZE);
  mem.store32(first, record.signal);
  mem.store32(first + 4, record.error);
  mem.store32(first + 8, record.code);
  if (isFault(record.signal, record.code)) {
    mem.store64(first + ADDR, record.word0);
    return;
  }
  if (record.code == SI_TIMER) {
    mem.store32(first + TIMER_ID, <u32>record.word0);
    mem.store32(first + OVERRUN, record.overrun);
  } else mem.store64(first + PID, record.word0);
  mem.store32(first + STATUS, <u32>record.word1);
  mem.store32(first + INT, <u32>record.word1);
  mem.store64(first + PTR, record.word1);
  mem.store64(first + UTIME, record.word2);
  mem.store64(first + STIME, record.word3);
}
