// The structures of kernel/abi that process code reads and writes, field by field: offset, and where C's own size is copied, size.

import { CLONE_ARGUMENTS_SIZE, CloneArguments } from "../../../kernel/abi/clone";
import { FUTEX_WAITV_SIZE, FutexWaitv } from "../../../kernel/abi/futex";
import {
  RESOURCE_USAGE_SIZE,
  ResourceUsage,
  SYSTEM_INFORMATION_SIZE,
  SystemInformation,
} from "../../../kernel/abi/resource";
import {
  FRAME_CONTEXT,
  FRAME_MASK,
  FRAME_REGISTERS,
  KernelSiginfo,
  KernelStack,
  SIGINFO_SIZE,
  SignalContext,
  SignalFrame,
  STACK_T_SIZE,
} from "../../../kernel/abi/signal";
import { IntervalSpec, SignalEvent, Timespec, Timex, TIMEX_SIZE } from "../../../kernel/abi/time";

const facts: Array<u64> = [] as u64[];

function add(value: u64): void {
  facts.push(value);
}

/** In the order of the C program in abi.test.ts. */
export function collect(): i32 {
  add(SIGINFO_SIZE);
  add(offsetof<KernelSiginfo>("code"));
  add(offsetof<KernelSiginfo>("word0"));
  add(offsetof<KernelSiginfo>("word1"));
  add(offsetof<KernelSiginfo>("word2"));
  add(STACK_T_SIZE);
  add(offsetof<KernelStack>("flags"));
  add(offsetof<KernelStack>("size"));
  add(FRAME_REGISTERS - FRAME_CONTEXT);
  add(FRAME_MASK - FRAME_CONTEXT);
  add(offsetof<SignalFrame>("link") - FRAME_CONTEXT);
  add(offsetof<SignalFrame>("stackPointer") - FRAME_CONTEXT);
  add(offsetof<SignalContext>("r15"));
  add(offsetof<SignalContext>("rdi"));
  add(offsetof<SignalContext>("rip"));
  add(offsetof<SignalContext>("rflags"));
  add(offsetof<SignalContext>("error"));
  add(offsetof<SignalContext>("trapNumber"));
  add(offsetof<SignalContext>("oldMask"));
  add(offsetof<SignalContext>("cr2"));
  add(offsetof<SignalContext>("state"));
  add(CLONE_ARGUMENTS_SIZE);
  add(offsetof<CloneArguments>("exitSignal"));
  add(offsetof<CloneArguments>("tls"));
  add(offsetof<CloneArguments>("cgroup"));
  add(FUTEX_WAITV_SIZE);
  add(offsetof<FutexWaitv>("address"));
  add(offsetof<FutexWaitv>("flags"));
  add(RESOURCE_USAGE_SIZE);
  add(offsetof<ResourceUsage>("maxResidentKb"));
  add(offsetof<ResourceUsage>("minorFaults"));
  add(offsetof<ResourceUsage>("involuntarySwitches"));
  add(SYSTEM_INFORMATION_SIZE);
  add(offsetof<SystemInformation>("totalMemory"));
  add(offsetof<SystemInformation>("processes"));
  add(offsetof<SystemInformation>("unit"));
  add(offsetof<Timespec>("nanoseconds"));
  add(offsetof<IntervalSpec>("valueSeconds"));
  add(offsetof<SignalEvent>("signal"));
  add(offsetof<SignalEvent>("notify"));
  add(offsetof<SignalEvent>("threadId"));
  add(TIMEX_SIZE);
  add(offsetof<Timex>("status"));
  add(offsetof<Timex>("timeSeconds"));
  add(offsetof<Timex>("tick"));
  return facts.length;
}

export function fact(index: i32): u64 {
  return facts[index];
}
