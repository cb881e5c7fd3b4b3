// Who handles which interrupt vector. Exceptions (0–31) are kernel/entry's; here are the devices'.
//
//   32–47    what a masked 8259 may still raise: ignored
//   48–239   devices, handed out by `allocate`
//   240      the local APIC's timer
//   255      spurious
//
// Rules of use: a handler runs with interrupts off, on whatever thread was on the CPU; it must not block, switch or
// allocate. It quiets its device; the end of interrupt follows. Several handlers may share a vector (a PCI line).

import * as localApic from "./local-apic";

export const LEGACY_VECTORS: u32 = 32;
const FIRST_DEVICE_VECTOR: u32 = 48;
const LAST_DEVICE_VECTOR: u32 = 239;
export const TIMER_VECTOR: u32 = 240;
export const SPURIOUS_VECTOR: u32 = 255;

export class InterruptHandler {
  /** The next handler on the same vector. */
  next: InterruptHandler | null = null;
  /** Interrupts that came here, for /proc/interrupts. */
  count: u64 = 0;

  /** The device's interrupt came, or that of another on the same line. */
  handle(): void {}
}

const handlers: StaticArray<InterruptHandler | null> = new StaticArray<InterruptHandler | null>(256);
let nextVector: u32 = FIRST_DEVICE_VECTOR;
let strayCount: u64 = 0;

/** A vector of one's own; 0 when all are taken. */
export function allocate(): u32 {
  return nextVector <= LAST_DEVICE_VECTOR ? nextVector++ : 0;
}

/** Call `handler` for each interrupt on `vector`, after those registered before. */
export function register(vector: u32, handler: InterruptHandler): void {
  handler.next = null;
  let last = handlers[vector];
  if (last === null) {
    handlers[vector] = handler;
    return;
  }
  while (last.next !== null) last = last.next as InterruptHandler;
  last.next = handler;
}

/** Handle an interrupt of vector 32 or above, and tell the local APIC that it is done. */
export function dispatch(vector: u32): void {
  let handler = handlers[vector];
  if (handler === null) {
    strayCount++;
    if (vector >= FIRST_DEVICE_VECTOR && vector != SPURIOUS_VECTOR) localApic.endOfInterrupt();
    return;
  }
  while (handler !== null) {
    handler.count++;
    handler.handle();
    handler = handler.next;
  }
  localApic.endOfInterrupt();
}

/** The first handler on a vector. */
export function handlerOf(vector: u32): InterruptHandler | null {
  return handlers[vector];
}

/** Interrupts that nobody expected. */
export function strays(): u64 {
  return strayCount;
}
