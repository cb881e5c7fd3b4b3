// A console backend of a kernel module between what the console writes and what the backend hears.

import { bytesAddress } from "memory/address";
import * as console from "../../../kernel/api/console";
import { ConsoleBackend } from "../../../kernel/api/console";
import { resizeBackends, writeToBackends } from "../../../kernel/console/backend";

const buffer = new StaticArray<u8>(8192);
const heard = new StaticArray<u8>(8192);
let heardLength = 0;
let calls = 0;
let size: u32 = 0;

class Recorder extends ConsoleBackend {
  override write(bytes: StaticArray<u8>, length: i32): void {
    calls++;
    for (let i = 0; i < length; i++) heard[heardLength++] = bytes[i];
  }
  override resize(columns: u32, rows: u32): void {
    size = columns * 1000 + rows;
  }
}

console.register(new Recorder());

export function bufferAddress(): u64 {
  return bytesAddress(buffer);
}
export function heardAddress(): u64 {
  return bytesAddress(heard);
}
export function write(length: i32): void {
  writeToBackends(bytesAddress(buffer), <u64>length);
}
export function resize(columns: u32, rows: u32): void {
  resizeBackends(columns, rows);
}
export function heardSize(): u32 {
  return size;
}
export function takeHeard(): i32 {
  let length = heardLength;
  heardLength = 0;
  return length;
}
export function callCount(): i32 {
  return calls;
}
