// System calls: new ones, and handlers in front of those that are there.
//
//   let original = syscalls.getHandler(SYS_uname);
//   function uname(address: u64): i64 { … return original.call(address); }
//   syscalls.register(SYS_uname, uname);
//
// A handler takes the call's arguments as u64, as many as it looks at, and returns a value >= 0 or a negative errno. It may
// block. Wrappers chain: each one gets the handler that was there before it.

import { at, pointerOf } from "memory/address";
import { ENOSYS } from "../abi/errno";
import * as module from "../lib/module";
import { Text } from "../lib/text";
import * as log from "../log/log";
import {
  Call,
  CALL_COUNT,
  find,
  Handler0,
  Handler1,
  Handler2,
  Handler3,
  Handler4,
  Handler5,
  Handler6,
  replace,
} from "../syscall/table";

/** A function of up to six u64. */
export type AnyHandler = (...values: u64[]) => i64;

/** Numbers from here on are the modules' own: Linux has none of them. */
export const FIRST_OWN: i32 = 512;
/** The last number that a call can have. */
export const LAST: i32 = CALL_COUNT - 1;

/** What ran for a call when it was asked for. */
export class Handler {
  private readonly row: Call | null;

  constructor(row: Call | null = null) {
    this.row = row;
  }

  /** Whether there is such a call. */
  get isThere(): bool {
    return this.row !== null;
  }

  /** Run it; -ENOSYS when there is no such call. */
  call(a: u64 = 0, b: u64 = 0, c: u64 = 0, d: u64 = 0, e: u64 = 0, f: u64 = 0): i64 {
    let row = this.row;
    return row === null ? -ENOSYS : row.run(a, b, c, d, e, f);
  }
}

/** The handler of a call as it is now: the kernel's, or that of the module that registered last. */
export function getHandler(number: i32): Handler {
  // A negative number is a large one, and not there.
  let row = find(<u64>number);
  if (row !== null) row.askedBy = module.current;
  return new Handler(row);
}

/**
 * Have `handler` run for a call. `name` and `kinds` are for new calls: what `egg run --strace` shows (syscall/table.ts
 * lists the kinds). False, with a line in the log, when another module has that number and was not asked for its handler.
 */
export function register<T extends AnyHandler>(number: i32, handler: T, name: string = "", kinds: string = ""): bool {
  if (!isFunction<T>()) ERROR("syscalls.register takes a function");
  let row = new Call();
  row.arity = lengthof<T>();
  if (lengthof<T>() == 0) {
    if (idof<T>() != idof<Handler0>()) ERROR("a system call's handler takes u64 arguments and returns i64");
    row.handler0 = at<Handler0>(pointerOf<T>(handler));
  } else if (lengthof<T>() == 1) {
    if (idof<T>() != idof<Handler1>()) ERROR("a system call's handler takes u64 arguments and returns i64");
    row.handler1 = at<Handler1>(pointerOf<T>(handler));
  } else if (lengthof<T>() == 2) {
    if (idof<T>() != idof<Handler2>()) ERROR("a system call's handler takes u64 arguments and returns i64");
    row.handler2 = at<Handler2>(pointerOf<T>(handler));
  } else if (lengthof<T>() == 3) {
    if (idof<T>() != idof<Handler3>()) ERROR("a system call's handler takes u64 arguments and returns i64");
    row.handler3 = at<Handler3>(pointerOf<T>(handler));
  } else if (lengthof<T>() == 4) {
    if (idof<T>() != idof<Handler4>()) ERROR("a system call's handler takes u64 arguments and returns i64");
    row.handler4 = at<Handler4>(pointerOf<T>(handler));
  } else if (lengthof<T>() == 5) {
    if (idof<T>() != idof<Handler5>()) ERROR("a system call's handler takes u64 arguments and returns i64");
    row.handler5 = at<Handler5>(pointerOf<T>(handler));
  } else {
    if (idof<T>() != idof<Handler6>()) ERROR("a system call's handler takes at most six u64 arguments and returns i64");
    row.handler6 = at<Handler6>(pointerOf<T>(handler));
  }
  return put(number, row, name, kinds);
}

function put(number: i32, row: Call, name: string, kinds: string): bool {
  if (number < 0 || number > LAST) {
    refused()
      .string(" registers system call ")
      .signed(number)
      .string(": numbers go from 0 to ")
      .decimal(<u64>LAST);
    log.end();
    return false;
  }
  let before = find(<u64>number);
  row.number = number;
  row.name = name;
  row.kinds = kinds;
  row.owner = module.current;
  if (before !== null) {
    if (before.owner != module.KERNEL && before.owner != module.current && before.askedBy != module.current) {
      refused()
        .string(" and module ")
        .string(before.owner)
        .string(" both claim system call ")
        .decimal(<u64>number);
      if (before.name != before.owner) log.line.string(" (").string(before.name).byte(0x29);
      log.line.string("; the first one keeps it. Call syscalls.getHandler() first to wrap it");
      log.end();
      return false;
    }
    if (name.length == 0) row.name = before.name;
    if (kinds.length == 0) row.kinds = before.kinds;
    row.support = before.support;
  }
  if (row.name.length == 0) row.name = module.current;
  if (row.kinds.length == 0) row.kinds = "hex hex hex hex hex hex";
  replace(row);
  return true;
}

function refused(): Text {
  return log.begin(log.ERROR).string("module ").string(module.current);
}
