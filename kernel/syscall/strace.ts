// What `egg run --strace` shows: one line a call when it returns, as strace(1) writes it, from the table's argument kinds.
//
//   [12.003456] 1 openat(AT_FDCWD, "/etc/hosts", 0x80000, 0) = 3
//   [12.003501] 1 read(3, 0x7ffd0010, 4096) = 174

import { TrapFrame } from "machine/frame";
import * as user from "machine/user";
import { bytesAddress } from "memory/address";
import { AT_FDCWD } from "../abi/fcntl";
import { errnoName } from "../abi/errno-names";
import { Text } from "../lib/text";
import * as log from "../log/log";
import * as clock from "../sched/clock";
import { current } from "../sched/scheduler";
import { Call } from "./table";

/** How much of a string or buffer is shown, as strace does. */
const SHOWN_BYTES: i32 = 48;

const line: Text = new Text(1024);
const excerpt: StaticArray<u8> = new StaticArray<u8>(SHOWN_BYTES + 1);
/** Names to show, each between commas ("," + names + ","); empty: all. */
let filter: StaticArray<u8> = new StaticArray<u8>(0);

/** Whether calls are shown. */
export let isOn: bool = false;

/** Show calls from now on; `names` is a comma-separated list, empty for all. */
export function enable(names: StaticArray<u8>): void {
  isOn = true;
  filter = new StaticArray<u8>(0);
  if (names.length == 0) return;
  let list = new Text(names.length + 2).byte(0x2c).array(names).byte(0x2c);
  filter = list.bytes;
}

/** Show a call that does not return (exit, exit_group), before it is made. */
export function showLast(call: Call, number: u64, registers: TrapFrame): void {
  if (!begin(call, number, registers, 0)) return;
  end(line.string(" = ?"));
}

/** Show a call that has returned. `call` is null for an unknown number. */
export function show(call: Call | null, number: u64, registers: TrapFrame, result: i64): void {
  if (!begin(call, number, registers, result)) return;
  line.string(" = ");
  if (result < 0 && result >= -4095) {
    line
      .signed(-1)
      .byte(0x20)
      .string(errnoName(<i32>-result));
  } else if (<u64>result > 0xffffffff) line.hex(<u64>result);
  else line.signed(result);
  end(line);
}

/** Time, thread, name and arguments; false when the call is not to be shown. */
function begin(call: Call | null, number: u64, registers: TrapFrame, result: i64): bool {
  if (filter.length > 0 && (call === null || !isWanted(call.name))) return false;
  let nowNs = clock.nowNs();
  line
    .clear()
    .byte(0x5b)
    .decimal(nowNs / 1_000_000_000)
    .byte(0x2e)
    .padded((nowNs / 1000) % 1_000_000, 6)
    .string("] ");
  line.decimal(<u64>current().id).byte(0x20);
  if (call === null) line.string("syscall_").decimal(number).byte(0x28).hex(registers.rdi).string(", …)");
  else {
    line.string(call.name).byte(0x28);
    showArguments(call, registers, result);
    line.byte(0x29);
  }
  return true;
}

function end(line: Text): void {
  if (line.length == line.capacity) line.length--;
  line.byte(0x0a);
  log.write(line.address, <u64>line.length);
}

function isWanted(name: string): bool {
  let length = name.length;
  for (let start = 0; start + length + 1 < filter.length; start++) {
    if (filter[start] != 0x2c || filter[start + length + 1] != 0x2c) continue;
    let matched = 0;
    while (matched < length && <i32>filter[start + 1 + matched] == name.charCodeAt(matched)) matched++;
    if (matched == length) return true;
  }
  return false;
}

function argument(registers: TrapFrame, index: i32): u64 {
  switch (index) {
    case 0:
      return registers.rdi;
    case 1:
      return registers.rsi;
    case 2:
      return registers.rdx;
    case 3:
      return registers.r10;
    case 4:
      return registers.r8;
    default:
      return registers.r9;
  }
}

function showArguments(call: Call, registers: TrapFrame, result: i64): void {
  let kinds = call.kinds;
  let at = 0;
  for (let index = 0; index < call.arity; index++) {
    let end = kinds.indexOf(" ", at);
    if (end < 0) end = kinds.length;
    if (index > 0) line.byte(0x2c).byte(0x20);
    showArgument(kinds, at, end - at, argument(registers, index), registers, index, result);
    at = min(end + 1, kinds.length);
  }
}

function isKind(kinds: string, at: i32, length: i32, kind: string): bool {
  if (kind.length != length) return false;
  for (let i = 0; i < length; i++) if (kinds.charCodeAt(at + i) != kind.charCodeAt(i)) return false;
  return true;
}

function showArgument(
  kinds: string,
  at: i32,
  length: i32,
  value: u64,
  registers: TrapFrame,
  index: i32,
  result: i64,
): void {
  if (isKind(kinds, at, length, "fd") || isKind(kinds, at, length, "int") || isKind(kinds, at, length, "sig")) {
    line.signed(<i64>(<i32>value));
  } else if (isKind(kinds, at, length, "at")) {
    if (<i32>value == AT_FDCWD) line.string("AT_FDCWD");
    else line.signed(<i64>(<i32>value));
  } else if (isKind(kinds, at, length, "uint")) line.decimal(<u64>(<u32>value));
  else if (isKind(kinds, at, length, "size") || isKind(kinds, at, length, "long")) line.signed(<i64>value);
  else if (isKind(kinds, at, length, "mode")) line.octal(value);
  else if (isKind(kinds, at, length, "path") || isKind(kinds, at, length, "str")) showString(value);
  else if (isKind(kinds, at, length, "in")) showBytes(value, argument(registers, index + 1));
  else if (isKind(kinds, at, length, "out") && result > 0) showBytes(value, <u64>result);
  else if (value < 10) line.decimal(value);
  else line.hex(value);
}

function showString(address: u64): void {
  let length = address == 0 ? -1 : user.stringLength(address, SHOWN_BYTES + 1);
  if (length < 0) line.hex(address);
  else showBytes(address, <u64>length);
}

function showBytes(address: u64, length: u64): void {
  let shown = min(length, SHOWN_BYTES);
  if (user.copyIn(bytesAddress(excerpt), address, shown) != 0) {
    line.hex(address);
    return;
  }
  line.byte(0x22);
  for (let i = 0; i < <i32>shown; i++) {
    let byte = <u32>excerpt[i];
    if (byte == 0x0a) line.string("\\n");
    else if (byte == 0x22 || byte == 0x5c) line.byte(0x5c).byte(byte);
    else if (byte >= 0x20 && byte < 0x7f) line.byte(byte);
    else line.string("\\x").hexPadded(<u64>byte, 2);
  }
  line.byte(0x22);
  if (shown < length) line.string("...");
}
