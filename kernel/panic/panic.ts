// The end of the kernel: the reason, the registers, a backtrace in TypeScript, to every console and to `egg run`.
//
// Rules of use: works on any stack, with a broken heap, from an interrupt: nothing here allocates, waits or trusts a
// pointer it has not checked. A panic inside a panic stops at once.

import * as cpu from "machine/cpu";
import { KERNEL_CODE, TrapFrame } from "machine/frame";
import * as image from "machine/image";
import { LINEAR_BASE } from "machine/linear";
import * as mem from "machine/mem";
import * as symbols from "machine/symbols";
import { at } from "memory/address";
import { abortFile, abortLine, abortMessage } from "runtime/abort";
import { Text } from "../lib/text";
import * as log from "../log/log";
import { appendFunctions, isOnStack, MAX_DEPTH } from "./backtrace";
import { appendModule } from "./culprit";
import { exitPanicking } from "./power";

const NON_MASKABLE: u64 = 2;
const BREAKPOINT: u64 = 3;
const UNDEFINED_INSTRUCTION: u64 = 6;
const DOUBLE_FAULT: u64 = 8;
/** Linear memory's first page is never mapped. */
const NULL_PAGE: u64 = 0x1000;
const PAGE_FAULT: u64 = 14;

const line: Text = new Text(1024);
const reason: Text = new Text(256);
let isPanicking: bool = false;

/** The kernel found that it cannot go on. */
export function panic(message: string): void {
  reason.clear().string(message);
  begin();
  traceFrom(symbols.framePointer());
  exitPanicking(reason);
}

/** A trap in the kernel that nobody handles. */
export function panicOnTrap(frame: TrapFrame): void {
  reason.clear();
  if (abortLine() != 0) {
    reason
      .string(abortMessage().length > 0 ? abortMessage() : "assertion failed")
      .string(" (")
      .string(abortFile());
    reason
      .byte(0x3a)
      .decimal(<u64>abortLine())
      .byte(0x29);
  } else {
    describeTrap(frame);
  }
  appendModule(reason, ", in module ", frame.rip, frame.rbp);
  begin();
  showRegisters(frame);
  line.clear();
  showCode(frame.rip);
  traceFrom(frame.rbp);
  exitPanicking(reason);
}

function begin(): void {
  if (isPanicking) cpu.stop();
  isPanicking = true;
  line.clear().string("\nkernel panic: ").text(reason);
  flush();
}

function describeTrap(frame: TrapFrame): void {
  let vector = frame.vector;
  if (vector == UNDEFINED_INSTRUCTION) reason.string("a check failed (index, cast, null or unreachable)");
  else if (vector == PAGE_FAULT && cpu.readCr2() - LINEAR_BASE < NULL_PAGE) reason.string("a field of null");
  else if (vector == PAGE_FAULT) reason.string("page fault at ").hex(cpu.readCr2());
  else if (vector == DOUBLE_FAULT) reason.string("double fault: a kernel stack overflowed");
  else if (vector == NON_MASKABLE) reason.string("a non-maskable interrupt");
  else if (vector == BREAKPOINT) reason.string("breakpoint");
  else reason.string("trap ").decimal(vector);
  if (frame.error != 0) reason.string(", error ").hex(frame.error);
  if (frame.cs != KERNEL_CODE) reason.string(", in a program");
}

function showRegisters(frame: TrapFrame): void {
  line.clear();
  register("rip", frame.rip);
  register("rsp", frame.rsp);
  register("rbp", frame.rbp);
  register("flags", frame.rflags);
  flush();
  register("rax", frame.rax);
  register("rbx", frame.rbx);
  register("rcx", frame.rcx);
  register("rdx", frame.rdx);
  flush();
  register("rsi", frame.rsi);
  register("rdi", frame.rdi);
  register("r8", frame.r8);
  register("r9", frame.r9);
  flush();
  register("r10", frame.r10);
  register("r11", frame.r11);
  register("r12", frame.r12);
  register("r13", frame.r13);
  flush();
  register("r14", frame.r14);
  register("r15", frame.r15);
  register("cr2", cpu.readCr2());
  register("cr3", cpu.readCr3());
  flush();
}

function register(label: string, value: u64): void {
  line.byte(0x20).string(label).byte(0x20).hexPadded(value, 16);
}

/** Follow frame pointers as long as they lead up the kernel stacks. */
function traceFrom(framePointer: u64): void {
  for (let depth = 0; depth < MAX_DEPTH && isOnStack(framePointer); depth++) {
    let returnAddress = mem.load64(framePointer + 8);
    let next = mem.load64(framePointer);
    if (returnAddress < image.textStart() || returnAddress >= image.textEnd()) return;
    showCode(returnAddress - 1); // the call, not what follows it
    if (next <= framePointer) return;
    framePointer = next;
  }
}

/** The functions at a code address, inlined ones first. */
function showCode(address: u64): void {
  appendFunctions(line, "    at ", address);
  log.writePanic(line.address, <u64>line.length);
  line.clear();
}

function flush(): void {
  line.byte(0x0a);
  log.writePanic(line.address, <u64>line.length);
  line.clear();
}

/** The frame at a linear address, for traps before the handlers stand. */
export function panicOnFrame(frame: usize): void {
  panicOnTrap(at<TrapFrame>(frame));
}
