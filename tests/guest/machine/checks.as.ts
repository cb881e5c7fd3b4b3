// A kernel that tests the machine under it and says so in TAP: memory protection, time, traps, system calls, user copies.
// Built as the kernel's main by boot.test.ts; the boot module is program.S, its ring-3 half.

import * as cpu from "machine/cpu";
import { SYSCALL_VECTOR, TrapFrame, USER_CODE, USER_DATA } from "machine/frame";
import * as image from "machine/image";
import { BOOT_STACKS, DIRECT_BASE, IMAGE_BASE, LINEAR_BASE, STACK_SIZE, STACKS_START } from "machine/linear";
import * as mem from "machine/mem";
import * as user from "machine/user";
import { addressOf, at, direct, linearAddress } from "memory/address";
import * as frames from "memory/frames";
import * as pageTables from "memory/page-tables";
import * as stacks from "memory/stacks";
import * as userTables from "memory/user-tables";
import { bootMachine, startClock } from "../../../kernel/boot/boot";
import { Machine } from "../../../kernel/boot/machine";
import { features } from "../../../kernel/cpu/features";
import * as uart from "../../../kernel/drivers/uart";
import * as vectors from "../../../kernel/interrupt/vectors";
import { Text } from "../../../kernel/lib/text";
import * as log from "../../../kernel/log/log";
import { panicOnFrame } from "../../../kernel/panic/panic";
import { exit } from "../../../kernel/panic/power";
import * as clock from "../../../kernel/sched/clock";
import { Timer } from "../../../kernel/sched/timer";
import { timers } from "../../../kernel/sched/scheduler";

const TEXT: u64 = 0x400000;
const DATA: u64 = 0x500000;
const UNMAPPED: u64 = 0x600000;
const STACK: u64 = 0x700000;
const NON_CANONICAL: u64 = 0x800000000000;
const USER_READ: u64 = pageTables.PRESENT | userTables.USER;
const USER_WRITE: u64 = USER_READ | pageTables.WRITABLE | pageTables.NO_EXECUTE;
const CANARY: u64 = 0x0123456789abcdef;

const line = new Text(256);
let checks = 0;
let failures = 0;
let ticks: u64 = 0;
let root: u64 = 0;

class Tick extends Timer {
  fire(nowNs: u64): void {
    ticks++;
    timers.arm(this, nowNs + 1_000_000);
  }
}

const tick = new Tick();

function check(passed: bool, what: string): void {
  checks++;
  if (!passed) failures++;
  line
    .clear()
    .string(passed ? "ok " : "not ok ")
    .decimal(<u64>checks)
    .string(" - ")
    .string(what)
    .byte(0x0a);
  uart.com1.write(line.address, <u64>line.length);
}

export function boot(info: usize): void {
  log.setShownLevel(log.DEBUG);
  const machine = bootMachine(info);
  startClock(machine);
  let text = machine.imageConfiguration.length > 0 ? machine.imageConfiguration : machine.commandLine;
  check(line.clear().array(text).length == 9 && text[5] == 0x74, "the command line came along");
  testMemory(machine);
  testTime();
  testStacks();
  runProgram(machine);
}

// ── Memory ─────────────────────────────────────────────────────────────────────────────────────────────────────────

let leaves: u64 = 0;
let writableAndExecutable: u64 = 0;
let userLeaves: u64 = 0;

function walk(table: u64, level: i32, isWritable: bool, isExecutable: bool): void {
  for (let i: u64 = 0; i < 512; i++) {
    const entry = mem.load64(table + i * 8);
    if ((entry & pageTables.PRESENT) == 0) continue;
    const writable = isWritable && (entry & pageTables.WRITABLE) != 0;
    const executable = isExecutable && (entry & pageTables.NO_EXECUTE) == 0;
    if (level > 0 && (entry & 0x80) == 0) {
      walk(direct(entry & 0x000ffffffffff000), level - 1, writable, executable);
      continue;
    }
    leaves++;
    if (writable && executable) writableAndExecutable++;
    if ((entry & userTables.USER) != 0) userLeaves++;
  }
}

function testMemory(machine: Machine): void {
  walk(direct(cpu.readCr3()), 3, true, true);
  check(leaves > 100 && writableAndExecutable == 0, "no kernel page is both writable and executable");
  check(userLeaves == 0 && mem.load64(direct(cpu.readCr3())) == 0, "the identity map is gone");
  check(pageTables.translateKernel(LINEAR_BASE) == 0, "linear page 0 is not mapped");
  let isGuarded = true;
  for (let slot: u64 = 0; slot < <u64>BOOT_STACKS; slot++) {
    const guard = LINEAR_BASE + <u64>STACKS_START + slot * (<u64>STACK_SIZE + 0x1000);
    if (pageTables.translateKernel(guard) != 0 || pageTables.translateKernel(guard + 0x1000) == 0) isGuarded = false;
  }
  check(isGuarded, "each boot stack has a guard page below it");
  const text = image.textStart();
  check(pageTables.translateKernel(text) == text - IMAGE_BASE, "the image is where the linker put it");
  check(mem.load64(DIRECT_BASE + (text - IMAGE_BASE)) == mem.load64(text), "the direct map shows the image");

  check(frames.totalCount() > 0 && machine.memory.size <= frames.totalCount() << 12, "all usable memory is managed");
  // The last frame of every range: reachable and memory, above 4 GB too.
  let isReachable = true;
  for (let i = 0; i < machine.memory.count; i++) {
    const word = direct(machine.memory.end(i) - 8);
    mem.store64(word, CANARY + <u64>i);
  }
  for (let i = 0; i < machine.memory.count; i++) {
    if (mem.load64(direct(machine.memory.end(i) - 8)) != CANARY + <u64>i) isReachable = false;
  }
  check(isReachable, "memory is reachable up to its ends");
  const before = frames.freeCount();
  const low = frames.allocateContiguous(16, true);
  check(low != 0 && low + 0x10000 <= 0x100000000, "a stretch below 4 GB is there for devices");
  for (let i: u64 = 0; i < 16; i++) frames.release(low + i * 0x1000);
  check(frames.freeCount() == before, "released frames are free again");

  check(
    machine.framebuffer === null || pageTables.mapDevice(0xfd000000, 0x1000, pageTables.WRITE_COMBINING) != 0,
    "devices map",
  );
  check(features.hasSmep == (((cpu.readCr4() >> 20) & 1) != 0), "SMEP is on where the CPU has it");
  check(features.hasSmap == (((cpu.readCr4() >> 21) & 1) != 0), "SMAP is on where the CPU has it");
}

function testTime(): void {
  check(clock.frequencyHz() > 100_000_000 && clock.frequencyHz() < 10_000_000_000, "the counter's rate is plausible");
  check(clock.wallNs() > 1_700_000_000_000_000_000, "wall time is after 2023");
  const startNs = clock.nowNs();
  timers.arm(tick, startNs + 5_000_000);
  clock.armTimer(startNs + 5_000_000);
  while (ticks == 0 && clock.nowNs() - startNs < 2_000_000_000) cpu.halt();
  const sleptNs = clock.nowNs() - startNs;
  check(ticks >= 1, "the timer interrupts");
  check(sleptNs >= 5_000_000, "it does not interrupt early");
}

// ── Threads ────────────────────────────────────────────────────────────────────────────────────────────────────────

const switches = new StaticArray<usize>(2);
let threadArgument: usize = 0;

function slot(index: i32): usize {
  return <usize>(addressOf(switches) - LINEAR_BASE) + <usize>index * 4;
}

function testStacks(): void {
  const top = stacks.allocate();
  check(top != 0, "a kernel stack is there");
  switches[1] = cpu.prepareStack(top, 77);
  cpu.switchTo(slot(0), slot(1));
  check(threadArgument == 77, "a thread starts with its argument and switches back");
  cpu.switchTo(slot(0), slot(1));
  check(threadArgument == 78, "it goes on where it was");
  check(pageTables.translateKernel(linearAddress(top) - <u64>STACK_SIZE - 1) == 0, "a guard page is below its stack");
}

export function threadMain(argument: usize): void {
  threadArgument = argument;
  cpu.switchTo(slot(1), slot(0));
  threadArgument++;
  cpu.switchTo(slot(1), slot(0));
}

// ── Ring 3 ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function runProgram(machine: Machine): void {
  root = pageTables.createRoot();
  const code = frames.allocateZeroed();
  const program = machine.root;
  if (program !== null) mem.copy(direct(code), direct(program.physical), program.sizeBytes);
  mapPage(TEXT, code, USER_READ);
  mapPage(DATA, frames.allocateZeroed(), USER_WRITE);
  mapPage(STACK, frames.allocateZeroed(), USER_WRITE);
  pageTables.activate(root);
  const top = stacks.allocate();
  cpu.setKernelStack(top);
  const frame = at<TrapFrame>(top - offsetof<TrapFrame>());
  frame.rip = TEXT;
  frame.cs = USER_CODE;
  frame.rflags = 0x202;
  frame.rsp = STACK + 0x1000;
  frame.ss = USER_DATA;
  cpu.enterUser(top - offsetof<TrapFrame>());
}

function mapPage(address: u64, frame: u64, flags: u64): void {
  mem.store64(userTables.make(root, address), frame | flags);
}

function finish(): void {
  line
    .clear()
    .string("1..")
    .decimal(<u64>checks)
    .byte(0x0a);
  uart.com1.write(line.address, <u64>line.length);
  exit(failures == 0 ? 0 : 1);
}

/** The text of each check in program.S. */
function nameOf(number: u64): string {
  switch (<i32>number) {
    case 1:
      return "a system call keeps the registers it must";
    case 2:
      return "a frame the kernel changed is loaded whole";
    case 3:
      return "a non-canonical return faults in the program (IRETQ)";
    case 4:
      return "a non-canonical return faults in the program (SYSRETQ)";
    case 14:
      return "DF, NT and AC do no harm in the kernel and come back";
    case 15:
      return "a single step traps in the program";
    case 16:
      return "interrupts keep the registers and GS";
    case 17:
      return "user copies stop at what is not mapped";
    default:
      return "an exception carries its vector";
  }
}

export function syscall(address: usize): void {
  const frame = at<TrapFrame>(address);
  if (frame.vector != SYSCALL_VECTOR || frame.cs != USER_CODE) check(false, "frame");
  switch (<i32>frame.error) {
    case 1:
      check(frame.rsi == 1, nameOf(frame.rdi));
      break;
    case 2:
      finish();
      break;
    case 3:
      frame.r12 = 0x1234;
      frame.vector = 0;
      break;
    case 4:
      frame.rip = NON_CANONICAL;
      frame.vector = 0;
      break;
    case 5:
      frame.rip = NON_CANONICAL;
      break;
    case 6:
      cpu.writeUserGsBase(frame.rdi);
      break;
    case 7:
      frame.rax = ticks;
      break;
    case 8:
      frame.rax = <u64>testCopies();
      break;
    default:
      frame.rax = <u64>-38;
  }
}

/** The number of wrong answers. */
function testCopies(): i32 {
  let wrong = 0;
  const buffer = direct(frames.allocateZeroed());
  if (user.copyIn(buffer, DATA, 0x1000) != 0) wrong++;
  if (user.copyOut(DATA + 3, buffer, 0xffd) != 0) wrong++;
  for (let missing: u64 = 1; missing < 600; missing += 7) {
    for (let offset: u64 = 0; offset < 600; offset += 13) {
      const present = DATA + 0x1000 - offset;
      if (user.copyIn(buffer, present, offset + missing) != missing) wrong++;
      if (user.copyOut(present, buffer, offset + missing) != missing) wrong++;
      if (user.zero(present, offset + missing) != missing) wrong++;
    }
  }
  if (user.load32(UNMAPPED) != -1 || user.load32(u64.MAX_VALUE - 3) != -1) wrong++;
  if (user.copyIn(buffer, LINEAR_BASE + 0x1000, 8) != 8 || user.copyIn(buffer, u64.MAX_VALUE - 7, 16) != 16) wrong++;
  if (user.copyOut(TEXT, buffer, 8) != 8) wrong++; // read-only for the kernel too
  user.zero(DATA, 0x1000);
  if (user.compareExchange32(DATA, 0, 5) != 0 || user.load32(DATA) != 5) wrong++;
  if (user.compareExchange32(DATA, 0, 6) != 5 || user.load32(DATA) != 5) wrong++;
  if (user.compareExchange32(UNMAPPED, 0, 6) != -1) wrong++;
  mem.fill(buffer, 0x41, 0x1000);
  user.copyOut(DATA, buffer, 0x1000);
  if (user.stringLength(DATA, 100) != 100 || user.stringLength(DATA, 0x2000) != -1) wrong++;
  user.zero(DATA + 77, 1);
  if (user.stringLength(DATA, 100) != 77) wrong++;
  return wrong;
}

export function trap(address: usize): void {
  const frame = at<TrapFrame>(address);
  if (frame.vector >= 32) {
    vectors.dispatch(<u32>frame.vector);
    return;
  }
  if ((frame.cs & 3) == 3) {
    frame.rax = frame.vector;
    frame.rip = frame.r15;
    frame.rflags &= ~0x100;
    return;
  }
  const fixup = user.fixup(frame.rip);
  if (fixup == 0) panicOnFrame(address);
  frame.rip = fixup;
}
