// Pseudo-terminals without programs: the test is both sides.

import { bytesAddress } from "memory/address";
import { Termios } from "../../../kernel/console/termios";
import { createPair, MAX_PAIRS, pairAt, pairCount, PseudoTerminal } from "../../../kernel/console/pty/pseudo-terminal";
import { IoVector } from "../../../kernel/memory/io-vector";

const buffer = new StaticArray<u8>(65536);
let pair: PseudoTerminal = createPair()!;

export function bufferAddress(): u64 {
  return bytesAddress(buffer);
}
export function limit(): i32 {
  return MAX_PAIRS;
}

/** A new pair, the one in use from here on: its number, -1 when there is none. */
export function create(): i32 {
  let made = createPair();
  if (made === null) return -1;
  pair = made;
  return made.index;
}
export function use(index: i32): bool {
  let found = pairAt(index);
  if (found === null) return false;
  pair = found;
  return true;
}
export function count(): i32 {
  return pairCount();
}

function vector(length: i32): IoVector {
  let io = new IoVector();
  io.setKernel(bytesAddress(buffer), <u64>length);
  return io;
}

/** The slave writes the buffer's first bytes and does not wait. */
export function writeSlave(length: i32): i64 {
  return pair.slave.write(vector(length), true);
}
export function readSlave(length: i32): i64 {
  return pair.slave.read(vector(length), true);
}
/** The master types the buffer's first bytes: how many there was room for. */
export function typeMaster(length: i32): i32 {
  let typed = 0;
  while (typed < length && pair.slave.canReceive) pair.slave.receive(<u32>buffer[typed++]);
  pair.slave.flush();
  return typed;
}
export function readMaster(length: i32): i64 {
  return pair.takeBytes(vector(length));
}
export function available(): u32 {
  return pair.available;
}

export function openSlave(): void {
  pair.slave.open();
}
export function closeSlave(): void {
  pair.slave.close();
}
export function closeMaster(): void {
  pair.closeMaster();
}
export function isSlaveClosed(): bool {
  return pair.isSlaveClosed;
}
export function isHungUp(): bool {
  return pair.slave.isHungUp;
}

export function setPacketMode(isOn: bool): void {
  pair.isPacketMode = isOn;
  pair.packetStatus = 0;
}
/** TIOCPKT_* bits since the last call. */
export function takeStatus(): u32 {
  let status = pair.packetStatus;
  pair.packetStatus = 0;
  return status;
}
export function flushInput(): void {
  pair.slave.flushInput();
}
export function stop(isStopped: bool): void {
  if (isStopped) pair.slave.stop();
  else pair.slave.start();
}
/** New flags: input, local. */
export function setFlags(input: u32, local: u32): void {
  let settings = new Termios();
  settings.inputFlags = input;
  settings.localFlags = local;
  pair.slave.apply(settings);
}
