// The system-call table: one row a call. The rows are in syscall/rows.ts, the handlers in one file per family.
//
//   define3(SYS_read, "read", "fd out size", read, "complete")
//            number    name    argument kinds  handler  support and note (docs/syscalls.md is made from these)
//
// A handler takes the call's arguments as u64, as many as the call has, and returns a value >= 0 or a negative errno.
// Argument kinds, for strace: fd, int, uint, size, long, ptr, hex, flags, path, str, out (buffer filled by the call), in (buffer
// read by it), sig, mode, at (directory fd), ns (struct timespec *), none. Handlers that need the registers themselves (clone, rt_sigreturn, execve) take
// them from currentThread().registers.

import { ENOSYS } from "../abi/errno";
import { KERNEL } from "../lib/module";

export type Handler0 = () => i64;
export type Handler1 = (a: u64) => i64;
export type Handler2 = (a: u64, b: u64) => i64;
export type Handler3 = (a: u64, b: u64, c: u64) => i64;
export type Handler4 = (a: u64, b: u64, c: u64, d: u64) => i64;
export type Handler5 = (a: u64, b: u64, c: u64, d: u64, e: u64) => i64;
export type Handler6 = (a: u64, b: u64, c: u64, d: u64, e: u64, f: u64) => i64;

/** Numbers below this are in the table; Linux 6.x uses up to about 460, those from 512 on are for modules. */
export const CALL_COUNT: i32 = 1024;

/** One call: how it is named, shown and run. */
export class Call {
  number: i32 = 0;
  name: string = "";
  kinds: string = "";
  support: string = "";
  arity: i32 = 0;
  /** How often it ran. */
  count: u64 = 0;
  /** The module whose handler it is, and the one that last asked for that handler. */
  owner: string = KERNEL;
  askedBy: string = KERNEL;
  handler0: Handler0 = none0;
  handler1: Handler1 = none1;
  handler2: Handler2 = none2;
  handler3: Handler3 = none3;
  handler4: Handler4 = none4;
  handler5: Handler5 = none5;
  handler6: Handler6 = none6;

  /** Run it. */
  run(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    switch (this.arity) {
      case 0:
        return this.handler0();
      case 1:
        return this.handler1(a);
      case 2:
        return this.handler2(a, b);
      case 3:
        return this.handler3(a, b, c);
      case 4:
        return this.handler4(a, b, c, d);
      case 5:
        return this.handler5(a, b, c, d, e);
      default:
        return this.handler6(a, b, c, d, e, f);
    }
  }
}

const calls: StaticArray<Call | null> = new StaticArray<Call | null>(CALL_COUNT);

/** The row of a number, null when it is unknown. */
export function find(number: u64): Call | null {
  return number < <u64>CALL_COUNT ? calls[<i32>number] : null;
}

/** Have a row answer for its number from here on. Precondition: the number is below CALL_COUNT. */
export function replace(call: Call): void {
  let before = calls[call.number];
  if (before !== null) call.count = before.count;
  calls[call.number] = call;
}

/** From here on there is no such call. Precondition as for `replace`. */
export function remove(number: i32): void {
  calls[number] = null;
}

function row(number: i32, name: string, kinds: string, arity: i32, support: string): Call {
  let call = new Call();
  call.number = number;
  call.name = name;
  call.kinds = kinds;
  call.arity = arity;
  call.support = support;
  calls[number] = call;
  return call;
}

export function define0(number: i32, name: string, kinds: string, handler: Handler0, support: string): void {
  row(number, name, kinds, 0, support).handler0 = handler;
}
export function define1(number: i32, name: string, kinds: string, handler: Handler1, support: string): void {
  row(number, name, kinds, 1, support).handler1 = handler;
}
export function define2(number: i32, name: string, kinds: string, handler: Handler2, support: string): void {
  row(number, name, kinds, 2, support).handler2 = handler;
}
export function define3(number: i32, name: string, kinds: string, handler: Handler3, support: string): void {
  row(number, name, kinds, 3, support).handler3 = handler;
}
export function define4(number: i32, name: string, kinds: string, handler: Handler4, support: string): void {
  row(number, name, kinds, 4, support).handler4 = handler;
}
export function define5(number: i32, name: string, kinds: string, handler: Handler5, support: string): void {
  row(number, name, kinds, 5, support).handler5 = handler;
}
export function define6(number: i32, name: string, kinds: string, handler: Handler6, support: string): void {
  row(number, name, kinds, 6, support).handler6 = handler;
}

function none0(): i64 {
  return -ENOSYS;
}
function none1(_a: u64): i64 {
  return -ENOSYS;
}
function none2(_a: u64, _b: u64): i64 {
  return -ENOSYS;
}
function none3(_a: u64, _b: u64, _c: u64): i64 {
  return -ENOSYS;
}
function none4(_a: u64, _b: u64, _c: u64, _d: u64): i64 {
  return -ENOSYS;
}
function none5(_a: u64, _b: u64, _c: u64, _d: u64, _e: u64): i64 {
  return -ENOSYS;
}
function none6(_a: u64, _b: u64, _c: u64, _d: u64, _e: u64, _f: u64): i64 {
  return -ENOSYS;
}
