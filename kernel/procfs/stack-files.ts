// /proc/PID/stack (man 5 proc_pid_stack): where a thread is in the kernel; and the kernel's own threads, which belong to
// no process.

import { LINEAR_BASE } from "machine/linear";
import * as mem from "machine/mem";
import * as symbols from "machine/symbols";
import { slotOf } from "memory/stacks";
import * as stacks from "memory/stacks";
import { Text } from "../lib/text";
import { appendCalls } from "../panic/backtrace";
import * as scheduler from "../sched/scheduler";
import { Thread, ThreadState } from "../sched/thread";
import { TextSource } from "./proc-file-system";

/** Where cpu.switchTo leaves the frame pointer on a suspended stack. */
const SAVED_FRAME_POINTER: u64 = 40;

/** The calls in the kernel that a thread is in; nothing for one that runs in the program or ended. */
export function renderStack(thread: Thread, text: Text): void {
  if (thread === scheduler.current()) {
    appendCalls(text, "[<0>] ", symbols.framePointer());
    return;
  }
  if (thread.state == ThreadState.EXITED || thread.stackTop == 0) return;
  let pointer = stacks.savedPointer(slotOf(thread.stackTop));
  appendCalls(text, "[<0>] ", mem.load64(LINEAR_BASE + <u64>pointer + SAVED_FRAME_POINTER));
}

/** /proc/eggos/threads: name, state, seconds of processor time and stack of each of the kernel's own threads. */
export class KernelThreads extends TextSource {
  override render(text: Text): void {
    let threads = scheduler.kernelThreads();
    for (let i = 0; i < threads.length; i++) {
      let thread = threads[i];
      if (thread.state == ThreadState.EXITED) continue;
      text.nulTerminated(thread.name).string(thread.state == ThreadState.BLOCKED ? " S " : " R ");
      text
        .decimal(thread.runTimeNs / 1_000_000_000)
        .byte(0x2e)
        .padded((thread.runTimeNs / 1000) % 1_000_000, 6);
      text.byte(0x0a);
      renderStack(thread, text);
    }
  }
}
