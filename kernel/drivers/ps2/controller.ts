// The keyboard controller of the PC, i8042 (Intel UPI-42; IBM PS/2 Technical Reference): two serial ports behind two I/O
// ports. One thread brings it and its devices up, off the way of the boot, and does what has to wait for an answer.
//
//   0x60   data, both ways
//   0x64   read: | parity 7 | timeout 6 | second port 5 | – | – | command 3 | system 2 | input full 1 | output full 0 |
//          write: a command to the controller
//
// Every wait has an end: a command to the controller 100 ms, its self-test 500 ms, a device's answer 250 ms, a device's
// reset 1.5 s. A machine without the controller is known by ACPI (FADT) or by ports that read as ones.

import * as mem from "machine/mem";
import * as port from "machine/port";
import { FADT, find, tableLength } from "../../acpi/tables";
import * as lines from "../../interrupt/lines";
import { InterruptHandler } from "../../interrupt/vectors";
import * as log from "../../log/log";
import { waitUninterruptibly } from "../../sched/block";
import * as clock from "../../sched/clock";
import { start } from "../../sched/scheduler";
import { Thread } from "../../sched/thread";
import { WaitQueue } from "../../sched/wait";
import { Ps2Keyboard } from "./keyboard";
import { Ps2Mouse } from "./mouse";
import { Ps2Port } from "./port";

const DATA: u32 = 0x60;
const STATUS: u32 = 0x64;
const COMMAND: u32 = 0x64;
const OUTPUT_FULL: u32 = 0x01;
const INPUT_FULL: u32 = 0x02;
const FROM_SECOND: u32 = 0x20;
/** The device did not answer, or garbled: the byte is no byte. */
const TIMED_OUT: u32 = 0x40;
const PARITY_ERROR: u32 = 0x80;
const NOBODY: u32 = 0xff;

// Commands (PS/2 Technical Reference, "Keyboard controller commands").
const READ_CONFIGURATION: u32 = 0x20;
const WRITE_CONFIGURATION: u32 = 0x60;
const DISABLE_SECOND: u32 = 0xa7;
const ENABLE_SECOND: u32 = 0xa8;
const TEST_SECOND: u32 = 0xa9;
const SELF_TEST: u32 = 0xaa;
const TEST_FIRST: u32 = 0xab;
const DISABLE_FIRST: u32 = 0xad;
const ENABLE_FIRST: u32 = 0xae;
const WRITE_SECOND: u32 = 0xd4;
const SELF_TEST_PASSED: u32 = 0x55;
const PORT_TEST_PASSED: u32 = 0x00;

// The configuration byte.
const FIRST_INTERRUPT: u32 = 0x01;
const SECOND_INTERRUPT: u32 = 0x02;
const FIRST_DISABLED: u32 = 0x10;
const SECOND_DISABLED: u32 = 0x20;
const TRANSLATION: u32 = 0x40;

const FIRST_LINE: u32 = 1;
const SECOND_LINE: u32 = 12;

/** IAPC_BOOT_ARCH (ACPI 6.5 table 5.11), from FADT revision 3 on: there is a keyboard controller. */
const BOOT_ARCHITECTURE: u64 = 109;
const FADT_REVISION: u64 = 8;
const HAS_8042: u32 = 0x02;

const NS_PER_MS: u64 = 1_000_000;
const COMMAND_TIMEOUT_MS: u64 = 100;
const SELF_TEST_TIMEOUT_MS: u64 = 500;
/** Looks at the status before the thread sleeps: an emulated controller answers at once. */
const SHORT_PATIENCE: i32 = 50;
/** Bytes that may lie in the controller from before. */
const STALE_LIMIT: i32 = 64;
/** Bytes taken in one interrupt: one that never ends must not hold the machine; the thread goes on with it. */
const BURST_LIMIT: i32 = 128;
/** How long the thread waits before it looks at a controller that floods. */
const FLOOD_PAUSE_MS: u64 = 20;

const first = new Ps2Port(false);
const second = new Ps2Port(true);
let isFlooding: bool = false;
/** The thread's own waits, and calls for it. */
const naps = new WaitQueue();
const calls = new WaitQueue();

class ControllerInterrupt extends InterruptHandler {
  override handle(): void {
    drain();
  }
}

/** Give every byte that waits to its port. */
export function drain(): void {
  for (let i = 0; i < BURST_LIMIT; i++) {
    let status = port.in8(STATUS);
    if ((status & OUTPUT_FULL) == 0 || status == NOBODY) return;
    let byte = port.in8(DATA);
    if ((status & (PARITY_ERROR | TIMED_OUT)) != 0) continue;
    if ((status & FROM_SECOND) != 0) second.receive(byte);
    else first.receive(byte);
  }
  isFlooding = true;
  calls.wakeAll();
}

/** A device wants the thread: LEDs to light, a device that was replaced. Runs in interrupt handlers. */
export function callThread(): void {
  calls.wakeAll();
}

class ControllerThread extends Thread {
  constructor() {
    super();
    let name = "ps2";
    for (let i = 0; i < name.length; i++) this.name[i] = <u8>name.charCodeAt(i);
  }

  override main(): void {
    if (!isExpected() || !bringUp()) return;
    while (true) {
      if (isFlooding) {
        isFlooding = false;
        nap(FLOOD_PAUSE_MS);
        drain();
      } else if (!first.work() && !second.work()) waitUninterruptibly(calls);
    }
  }
}

/** Look for the controller and its devices, soon. */
export function register(): void {
  if (!start(new ControllerThread())) log.say(log.WARNING, "ps2: no memory for its thread");
}

/** Whether the firmware says that there may be one. */
function isExpected(): bool {
  let table = find(FADT);
  if (table == 0 || mem.load8(table + FADT_REVISION) < 3 || tableLength(table) <= BOOT_ARCHITECTURE + 1) return true;
  return (mem.load16(table + BOOT_ARCHITECTURE) & HAS_8042) != 0;
}

/** Self-test, both ports, their devices. False when there is no controller that works. */
function bringUp(): bool {
  if (port.in8(STATUS) == NOBODY) return false;
  if (!command(DISABLE_FIRST) || !command(DISABLE_SECOND)) return giveUp("does not take commands");
  discard();
  if (!command(SELF_TEST)) return giveUp("does not take commands");
  let verdict = answer(SELF_TEST_TIMEOUT_MS);
  if (verdict != <i32>SELF_TEST_PASSED) return giveUp("does not pass its self-test");
  let configuration = readConfiguration();
  if (configuration < 0) return giveUp("does not tell its configuration");
  let isTranslating = canTranslate(<u32>configuration);
  let hasSecond = probeSecond();
  let hasFirst = test(TEST_FIRST);
  if (!hasFirst) log.say(log.WARNING, "ps2: the keyboard's port fails its test");
  let settings = <u32>configuration | TRANSLATION;
  settings &= ~(FIRST_DISABLED | SECOND_DISABLED | FIRST_INTERRUPT | SECOND_INTERRUPT);
  if (hasFirst) settings |= FIRST_INTERRUPT;
  else settings |= FIRST_DISABLED;
  if (hasSecond) settings |= SECOND_INTERRUPT;
  else settings |= SECOND_DISABLED;
  let handler = new ControllerInterrupt();
  if (hasFirst) lines.connectIsa(FIRST_LINE, handler);
  if (hasSecond) lines.connectIsa(SECOND_LINE, new ControllerInterrupt());
  if (!command(WRITE_CONFIGURATION) || !write(settings)) return giveUp("does not take its configuration");
  if (hasFirst) command(ENABLE_FIRST);
  if (hasSecond) command(ENABLE_SECOND);
  if (hasFirst) first.attach(new Ps2Keyboard(first, isTranslating));
  if (hasSecond) second.attach(new Ps2Mouse(second));
  return hasFirst || hasSecond;
}

function giveUp(why: string): bool {
  log.begin(log.WARNING).string("ps2: the controller ").string(why).string(": it is left alone");
  log.end();
  return false;
}

/** What lies in the output buffer from before. */
function discard(): void {
  for (let i = 0; i < STALE_LIMIT && (port.in8(STATUS) & OUTPUT_FULL) != 0; i++) port.in8(DATA);
}

function readConfiguration(): i32 {
  return command(READ_CONFIGURATION) ? answer(COMMAND_TIMEOUT_MS) : -1;
}

/** Whether the translation bit stays where it is put; some controllers have no translation. Interrupts are off still. */
function canTranslate(configuration: u32): bool {
  let wanted = (configuration | TRANSLATION) & ~(FIRST_INTERRUPT | SECOND_INTERRUPT);
  if (!command(WRITE_CONFIGURATION) || !write(wanted)) return false;
  let kept = readConfiguration();
  return kept >= 0 && (<u32>kept & TRANSLATION) != 0;
}

/** Whether there is a second port: its clock bit follows the commands; and whether it passes its test. */
function probeSecond(): bool {
  if (!command(ENABLE_SECOND)) return false;
  let enabled = readConfiguration();
  if (enabled < 0 || (<u32>enabled & SECOND_DISABLED) != 0) return false;
  command(DISABLE_SECOND);
  let disabled = readConfiguration();
  if (disabled < 0 || (<u32>disabled & SECOND_DISABLED) == 0) return false;
  return test(TEST_SECOND);
}

function test(code: u32): bool {
  return command(code) && answer(COMMAND_TIMEOUT_MS) == <i32>PORT_TEST_PASSED;
}

/** Wait until the status has `bit` as wanted. False when it does not within `timeoutMs`. */
function waitFor(bit: u32, isSet: bool, timeoutMs: u64): bool {
  for (let i = 0; i < SHORT_PATIENCE; i++) if (((port.in8(STATUS) & bit) != 0) == isSet) return true;
  let deadlineNs = clock.nowNs() + timeoutMs * NS_PER_MS;
  while (clock.nowNs() < deadlineNs) {
    nap(1);
    if (((port.in8(STATUS) & bit) != 0) == isSet) return true;
  }
  return false;
}

function nap(milliseconds: u64): void {
  waitUninterruptibly(naps, clock.nowNs() + milliseconds * NS_PER_MS);
}

function command(code: u32): bool {
  if (!waitFor(INPUT_FULL, false, COMMAND_TIMEOUT_MS)) return false;
  port.out8(COMMAND, code);
  return true;
}

function write(byte: u32): bool {
  if (!waitFor(INPUT_FULL, false, COMMAND_TIMEOUT_MS)) return false;
  port.out8(DATA, byte);
  return true;
}

/** The controller's answer while its interrupts are off; -1 when none comes. */
function answer(timeoutMs: u64): i32 {
  return waitFor(OUTPUT_FULL, true, timeoutMs) ? <i32>port.in8(DATA) : -1;
}

/** Send a byte to a device. False when the controller does not take it. Threads only. */
export function send(isSecond: bool, byte: u32): bool {
  if (isSecond && !command(WRITE_SECOND)) return false;
  return write(byte);
}
