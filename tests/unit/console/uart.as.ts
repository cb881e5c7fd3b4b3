// A serial port that the test stands behind.

import { bytesAddress } from "memory/address";
import { com1, SerialListener } from "../../../kernel/drivers/uart";

const buffer = new StaticArray<u8>(4096);
let rooms = 0;

class Counter extends SerialListener {
  override roomCame(): void {
    rooms++;
  }
}

export function bufferAddress(): u64 {
  return bytesAddress(buffer);
}
export function initialize(): bool {
  let isThere = com1.initialize();
  com1.setListener(new Counter());
  return isThere;
}
export function send(length: i32): u64 {
  return com1.send(bytesAddress(buffer), <u64>length);
}
export function write(length: i32): void {
  com1.write(bytesAddress(buffer), <u64>length);
}
export function read(): i32 {
  return com1.read();
}
export function interrupt(): i32 {
  com1.interrupted();
  return rooms;
}
export function setBreak(isOn: bool): void {
  com1.setBreak(isOn);
}
