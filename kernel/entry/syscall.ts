// A system call: find the row, run the handler, store the result, look at what waits, return.

import { SYSCALL_VECTOR, TrapFrame } from "machine/frame";
import { at } from "memory/address";
import { ENOSYS } from "../abi/errno";
import { SYS_exit, SYS_exit_group } from "../abi/syscall-numbers";
import * as log from "../log/log";
import { addSample, isSampleDue, threadRunNs } from "../process/cpu-time";
import { UserThread } from "../process/user-thread";
import { current } from "../sched/scheduler";
import * as strace from "../syscall/strace";
import { CALL_COUNT, find } from "../syscall/table";
import { returnToUser } from "./return-to-user";

/** Numbers already complained about, one bit each. */
const reported: StaticArray<bool> = new StaticArray<bool>(CALL_COUNT + 1);

/** The machine's system-call entry: `frame` is the linear address of a TrapFrame with the call's number in rax and error. */
export function handleSyscall(frame: usize): void {
  let registers = at<TrapFrame>(frame);
  let thread = current() as UserThread;
  thread.frame = frame;
  let number = registers.error;
  let call = find(number);
  let result: i64;
  if (call === null) {
    result = -ENOSYS;
    reportUnknown(number, registers.rip);
  } else {
    call.count++;
    if (strace.isOn && (number == <u64>SYS_exit || number == <u64>SYS_exit_group))
      strace.showLast(call, number, registers);
    let isTimed = isSampleDue();
    let startedNs = isTimed ? threadRunNs(thread) : 0;
    result = call.run(registers.rdi, registers.rsi, registers.rdx, registers.r10, registers.r8, registers.r9);
    if (isTimed) addSample(thread, startedNs);
  }
  if (strace.isOn) strace.show(call, number, registers, result);
  // sigreturn and execve replace the whole frame and say so by its vector.
  if (registers.vector == SYSCALL_VECTOR) registers.rax = <u64>result;
  if (thread.attention != 0) returnToUser(thread, true);
}

function reportUnknown(number: u64, rip: u64): void {
  let index = number < <u64>CALL_COUNT ? <i32>number : CALL_COUNT;
  if (reported[index]) return;
  reported[index] = true;
  log.begin(log.INFO).string("system call ").decimal(number).string(" at ").hex(rip).string(" is not there: ENOSYS");
  log.end();
}
