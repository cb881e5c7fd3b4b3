// The device in /dev.
//
//   /dev/edu          write a number in decimal, read its factorial
//   /dev/edu-memory   4096 bytes that move by DMA

import { Buffer, DeviceFile, DeviceKind, EINVAL, Text } from "eggos/kernel";
import { Edu, MEMORY_SIZE } from "./edu";

/** Enough for a number of 32 bits and a newline. */
const LONGEST: i32 = 16;
const ZERO: u32 = 0x30;
const NEWLINE: u32 = 0x0a;

class FactorialFile extends DeviceFile {
  private answer: Text = new Text(LONGEST);
  private given: i32 = 0;

  constructor(private device: Edu) {
    super();
  }

  override write(buffer: Buffer): i64 {
    let text = new StaticArray<u8>(LONGEST);
    let length = buffer.take(text);
    if (length < 0) return length;
    let number = parse(text, <i32>length);
    if (number < 0) return -EINVAL;
    let result = this.device.factorial(<u32>number);
    if (result < 0) return result;
    this.answer
      .clear()
      .decimal(<u64>result)
      .byte(NEWLINE);
    this.given = 0;
    return length;
  }

  /** The answer to the last number, once. */
  override read(buffer: Buffer): i64 {
    let moved = buffer.put(this.answer.bytes, this.given, this.answer.length - this.given);
    if (moved > 0) this.given += <i32>moved;
    return moved;
  }
}

/** A number in decimal, perhaps with a newline behind it; -1 for anything else. */
function parse(text: StaticArray<u8>, length: i32): i64 {
  let value: i64 = 0;
  let end = length;
  if (end > 0 && text[end - 1] == NEWLINE) end--;
  if (end == 0) return -1;
  for (let i = 0; i < end; i++) {
    let digit = <u32>text[i] - ZERO;
    if (digit > 9) return -1;
    value = value * 10 + <i64>digit;
    if (value > <i64>u32.MAX_VALUE) return -1;
  }
  return value;
}

class MemoryFile extends DeviceFile {
  constructor(private device: Edu) {
    super();
  }

  override get length(): u64 {
    return MEMORY_SIZE;
  }

  override readAt(buffer: Buffer, offset: u64): i64 {
    let count = <i32>min(buffer.remaining, MEMORY_SIZE - offset);
    let bytes = new StaticArray<u8>(count);
    let error = this.device.read(offset, bytes, count);
    return error < 0 ? error : buffer.put(bytes);
  }

  override writeAt(buffer: Buffer, offset: u64): i64 {
    let bytes = new StaticArray<u8>(<i32>min(buffer.remaining, MEMORY_SIZE - offset));
    let count = buffer.take(bytes);
    if (count <= 0) return count;
    let error = this.device.write(offset, bytes, <i32>count);
    return error < 0 ? error : count;
  }
}

export class FactorialKind extends DeviceKind {
  constructor(private device: Edu) {
    super();
  }

  override open(_minor: u32, _flags: u32): DeviceFile | null {
    return new FactorialFile(this.device);
  }
}

export class MemoryKind extends DeviceKind {
  constructor(private device: Edu) {
    super();
  }

  override open(_minor: u32, _flags: u32): DeviceFile | null {
    return new MemoryFile(this.device);
  }
}
