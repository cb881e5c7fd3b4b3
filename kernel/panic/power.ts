// Leaving the machine. Under `egg run` the kernel writes one line to QEMU's debug console, `exit N` or `panic REASON`, and
// goes through isa-debug-exit; elsewhere the machine is powered off, or stops.

import * as cpu from "machine/cpu";
import * as mem from "machine/mem";
import * as port from "machine/port";
import * as sleep from "../acpi/sleep";
import { features } from "../cpu/features";
import { Text } from "../lib/text";

/** QEMU's isa-debugcon: reads as its own number where it is present. */
const DEBUG_CONSOLE: u32 = 0xe9;
/** QEMU's isa-debug-exit: a value v ends QEMU with status (v << 1) | 1. */
const DEBUG_EXIT: u32 = 0xf4;
const DEBUG_EXIT_PANIC: u32 = 0x7f;

const line: Text = new Text(512);

/** Something to do before the machine goes, also in a panic: flush a console. Must not wait for interrupts. */
export class ExitHook {
  run(): void {}
}

/** The kernel failed: what runs now trusts nothing but its own device. */
export let isPanic: bool = false;

const hooks: Array<ExitHook> = [] as ExitHook[];

export function addExitHook(hook: ExitHook): void {
  hooks.push(hook);
}

/** The keyboard controller's command port, and the command that pulses the processor's reset line. */
const KEYBOARD_COMMAND: u32 = 0x64;
const PULSE_RESET: u32 = 0xfe;
/** The chip set's reset control (Intel 9 Series PCH data sheet §13.7.5): a hard reset, in two writes. */
const RESET_CONTROL: u32 = 0xcf9;
const HARD_RESET: u32 = 0x02;
const RESET_NOW: u32 = 0x06;

/** Power-on self test codes: reading it takes a microsecond and does nothing. */
const DELAY_PORT: u32 = 0x80;
const RESET_PATIENCE: i32 = 50_000;

/** CR4: translations that outlive the page tables. */
const GLOBAL_PAGES: u64 = 0x80;

let isReboot: bool = false;

/** When the program ends, start the machine anew instead of powering it off. */
export function rebootAtEnd(): void {
  isReboot = true;
}

/** Where emulators power off when no table tells: QEMU's q35 and its other machines, and Bochs; VirtualBox. */
const EMULATOR_PM1: StaticArray<u32> = [0x604, 0xb004];
const EMULATOR_OFF: u32 = 0x2000;
const VIRTUALBOX_PM1: u32 = 0x4004;
const VIRTUALBOX_OFF: u32 = 0x3400;

/** Power off, or start anew. Returns only if that does not work here. */
function leaveMachine(): void {
  if (isReboot) restart();
  sleep.powerOff();
  if (!features.isVirtual) return;
  for (let i = 0; i < EMULATOR_PM1.length; i++) port.out16(EMULATOR_PM1[i], EMULATOR_OFF);
  port.out16(VIRTUALBOX_PM1, VIRTUALBOX_OFF);
}

/** Reset by ACPI, by the chip set, by the keyboard controller, and at last by a fault that no handler can take. */
function restart(): void {
  sleep.reset();
  waitAMoment();
  port.out8(RESET_CONTROL, HARD_RESET);
  port.out8(RESET_CONTROL, RESET_NOW);
  waitAMoment();
  port.out8(KEYBOARD_COMMAND, PULSE_RESET);
  waitAMoment();
  cpu.writeCr4(cpu.readCr4() & ~GLOBAL_PAGES);
  cpu.writeCr3(0); // page 0 as page tables: whatever is there, it does not map this
}

/** A reset takes its time. */
function waitAMoment(): void {
  for (let i = 0; i < RESET_PATIENCE; i++) port.in8(DELAY_PORT);
}

/** The program ended with `status` (0..255): end the machine. Never returns. */
export function exit(status: i32): void {
  for (let i = 0; i < hooks.length; i++) hooks[i].run();
  line.clear().string("exit ").signed(status).byte(0x0a);
  leaveEmulator(<u32>status & 0xff);
  leaveMachine();
  cpu.stop();
}

/** Signal `signal` ended the program: end the machine. Never returns. */
export function exitBySignal(signal: i32): void {
  for (let i = 0; i < hooks.length; i++) hooks[i].run();
  line.clear().string("signal ").signed(signal).byte(0x0a);
  leaveEmulator(<u32>signal & 0x7f);
  leaveMachine();
  cpu.stop();
}

/** The kernel failed: end the machine with a reason of one line; on a real one, stop, so that it can be read. Never returns. */
export function exitPanicking(reason: Text): void {
  isPanic = true;
  for (let i = 0; i < hooks.length; i++) hooks[i].run();
  line.clear().string("panic ").text(reason).byte(0x0a);
  leaveEmulator(DEBUG_EXIT_PANIC);
  cpu.stop();
}

/** Tell the host program that the console takes input: what comes before, a serial port may lose. */
export function announceInput(): void {
  line.clear().string("input").byte(0x0a);
  tellEmulator();
}

/** Write the line to the debug console. Returns whether there is one. */
function tellEmulator(): bool {
  if (port.in8(DEBUG_CONSOLE) != DEBUG_CONSOLE) return false;
  for (let i: u64 = 0; i < <u64>line.length; i++) port.out8(DEBUG_CONSOLE, mem.load8(line.address + i));
  return true;
}

function leaveEmulator(value: u32): void {
  if (tellEmulator()) port.out32(DEBUG_EXIT, value);
}
