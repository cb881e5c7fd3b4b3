// A thread of a program: a kernel thread plus the program's registers, signals and extended state.

import { TrapFrame } from "machine/frame";
import { at } from "memory/address";
import { PollSet } from "../fs/poll/poll-set";
import { IoVector } from "../memory/io-vector";
import { Thread } from "../sched/thread";
import { Process } from "./process";

export class UserThread extends Thread {
  process: Process;
  /** For this thread's system calls: reset before use. */
  io: IoVector = new IoVector();
  /** For poll and select: what it watches, and the descriptors' table. */
  pollSet: PollSet = new PollSet();
  pollBuffer: StaticArray<u8> = new StaticArray<u8>(0);
  /** Linear pointer to the registers it entered the kernel with; they lie at the top of its kernel stack. */
  frame: usize = 0;

  constructor(process: Process) {
    super();
    this.process = process;
  }

  /** The registers as the program left them; changes take effect on the return to ring 3. */
  get registers(): TrapFrame {
    return at<TrapFrame>(this.frame);
  }
}
