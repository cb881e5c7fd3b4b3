// What tests/unit/simulator/machine.test.ts runs on the simulated machine.

import * as clock from "machine/clock";
import * as cpu from "machine/cpu";
import * as entropy from "machine/entropy";
import * as mem from "machine/mem";
import * as mmio from "machine/mmio";
import * as port from "machine/port";
import * as user from "machine/user";
import { bytesAddress, direct, pointerOf } from "memory/address";

/** Write to physical memory, copy it into the heap, read it there. */
export function throughTheHeap(physical: u64, value: u64): u64 {
  mem.store64(direct(physical), value);
  const buffer = new StaticArray<u8>(8);
  mem.copy(bytesAddress(buffer), direct(physical), 8);
  return mem.load64(bytesAddress(buffer));
}

export function loadPhysical(physical: u64): u32 {
  return mem.load32(direct(physical));
}

export function wild(): u32 {
  return mem.load32(0x1234);
}

export function overlappingCopy(): void {
  mem.copy(direct(8), direct(0), 16);
}

export function now(): u64 {
  return clock.ticks();
}

export function draw(): u64 {
  return entropy.rdrand();
}

export function outIn(at: u32, value: u32): u32 {
  port.out8(at, value);
  return port.in8(at);
}

export function device(address: u64): u32 {
  mmio.write32(address, 7);
  return mmio.read32(address);
}

export function copyFromUser(address: u64, length: u64): u64 {
  return user.copyIn(direct(0x2000), address, length);
}

export function userStringLength(address: u64, limit: u64): i64 {
  return user.stringLength(address, limit);
}

export function fails(value: i32): void {
  assert(value == 0, "value is zero");
}

class Thread {
  stackPointer: usize = 0;
  steps: i32 = 0;
}

const first = new Thread();
const second = new Thread();

/** The slot that `cpu.switchTo` reads and writes: a thread's first field. */
function slot(thread: Thread): usize {
  return pointerOf<Thread>(thread);
}

export function threadMain(_argument: usize): void {
  while (true) {
    second.steps += 1;
    cpu.switchTo(slot(second), slot(first));
  }
}

/** Switch to a second thread and back, `rounds` times; returns how often it ran. */
export function pingPong(rounds: i32): i32 {
  second.stackPointer = cpu.prepareStack(0x80000, 1);
  for (let i = 0; i < rounds; i++) {
    first.steps += 1;
    cpu.switchTo(slot(first), slot(second));
  }
  return second.steps;
}
